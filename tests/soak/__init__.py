"""The long form of what must stay true: each bar is measured, and the README's table is written."""
