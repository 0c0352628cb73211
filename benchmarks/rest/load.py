"""Ask for one address over many connections, in a process of its own; latencies as JSON."""

import http.client
import json
import sys
import threading
import time


def ask(
    port: int, paths: list[str], headers: dict[str, str], until: float, into: list[float]
) -> None:
    """One connection, asking again as soon as it is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    n = 0
    while (began := time.perf_counter()) < until:
        connection.request("GET", paths[n % len(paths)], headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {body[:500]!r}")
        into.append(time.perf_counter() - began)
        n += 1


def main() -> None:
    """Arguments as one JSON object on standard input."""
    given = json.load(sys.stdin)
    until = time.perf_counter() + given["seconds"]
    spent: list[float] = []
    threads = [
        threading.Thread(
            target=ask, args=(given["port"], given["paths"], given["headers"], until, spent)
        )
        for _ in range(given["connections"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(spent))


if __name__ == "__main__":
    main()
