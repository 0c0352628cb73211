"""What each route is asked for, by area."""

from tests.every_route import accounts, district, firms, lists, machines, records

CASES = accounts.CASES | lists.CASES | firms.CASES | district.CASES | machines.CASES | records.CASES
