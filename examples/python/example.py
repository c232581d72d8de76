"""Audits the busiest day of one tenant, then records logins of another."""

import os
import sys
from datetime import UTC, date, datetime, timedelta

from client import Client, Login, Refused


def main() -> None:
    url, token = os.environ.get("URL"), os.environ.get("TOKEN")
    if not url or not token:
        sys.exit("Set URL and TOKEN to what the demo prints: the service account's token.")
    try:
        audit_and_record(url, token)
    except Refused as refused:
        sys.exit(str(refused))


def audit_and_record(url: str, token: str) -> None:
    with Client(url, token) as headcount:
        trend = headcount.trend("EXIST")
        busiest = max(trend, key=lambda on: trend[on])
        users = list(headcount.users("EXIST", busiest))
        print(f"EXIST had {len(users)} users on {busiest}, the first {users[0].user_id}")

        now = datetime.now(UTC)
        logins = [Login(f"agent-{number}", now) for number in range(1, 2501)]
        logins[1500] = Login("agent-1501", now - timedelta(days=400))
        outcome = headcount.record("YAKAN", logins)
        print(f"recorded {outcome.recorded}, newly counted {outcome.counted}")
        for rejected in outcome.rejected:
            print(f"login {rejected.position} refused, {rejected.code}: {rejected.message}")
        print(f"sent again: newly counted {headcount.record('YAKAN', logins).counted}")

        try:
            next(headcount.users("EXIST", date(2019, 3, 1)))
        except Refused as refused:
            print(f"{refused.code}: ask from {refused.details['from']} on")


if __name__ == "__main__":
    main()
