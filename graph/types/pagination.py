from typing import Self

import strawberry


@strawberry.type(description="Where a page stands in its list. Paging goes forward only.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether the page began at a cursor.")
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first item.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the page's last item; pass it as after to go on."
    )

    @classmethod
    def of(cls, *, has_next: bool, after: str | None, first: str | None, last: str | None) -> Self:
        return cls(
            has_next_page=has_next,
            has_previous_page=after is not None,
            start_cursor=first,
            end_cursor=last,
        )
