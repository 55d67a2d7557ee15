"""Writing planted rows by hand: one call, one row, with ids one can guess.

Times are texts, to the microsecond where a case needs it. Unless a case says otherwise
a row is loaded one hour after it happened.
"""

from datetime import datetime, timedelta

from mql.sample.words import COMPANY_SITE
from mql.sample.writer import TABLES, Writer

KNOWN_SINCE = "2024-08-01 09:00:00"


def hour_after(moment: str) -> str:
    """One hour later; a text that is no time gets a load of its own."""
    try:
        later = datetime.fromisoformat(moment) + timedelta(hours=1)
    except ValueError:
        return "2026-01-15 12:00:00"
    return later.isoformat(sep=" ")


class Plot:
    """A bed for planted rows; counts what it takes."""

    def __init__(self, writer: Writer):
        self._writer = writer
        self._numbers: dict[str, int] = {}
        self.contacts: set[str] = set()
        self.accounts: set[str] = set()

    def row(self, table: str, **cells) -> None:
        """One row of a raw table; cells not named are blank."""
        unknown = set(cells) - set(TABLES[table])
        if unknown:
            raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
        ordered = tuple(cells.get(column, "") for column in TABLES[table])
        self._writer.add_cells(table, ordered)

    def _number(self, prefix: str) -> int:
        self._numbers[prefix] = self._numbers.get(prefix, 0) + 1
        return self._numbers[prefix]

    def account(
        self,
        account_id: str,
        facility_type: str = "ambulatory_surgery_center",
        beds: int | str = "",
        at: str = "2024-07-02 08:00:00",
        **cells: str,
    ) -> None:
        """One version of a facility; in Texas and owned by R-05 unless said."""
        self.accounts.add(account_id)
        self.row(
            "accounts",
            account_id=account_id,
            facility_type=facility_type,
            bed_count=beds,
            updated_at=at,
            **{
                "account_name": account_id[2:].replace("-", " ").title(),
                "state": "TX",
                "country": "US",
                "owner_rep_id": "R-05",
                "loaded_at": hour_after(at),
                **cells,
            },
        )

    def contact(
        self,
        contact_id: str,
        account_id: str | None = "",
        role: str = "department_chair",
        specialty: str = "orthopaedic_surgery",
        at: str = KNOWN_SINCE,
        **cells: str,
    ) -> None:
        """One version of a contact, with a surgery center of its own where none is named
        and without any where that is None.

        The default is a full fit: specialty 15, facility 10, decision maker 15,
        geography 5.
        """
        if account_id is None:
            account_id = ""
        elif not account_id:
            account_id = "F-" + contact_id[2:]
            if account_id not in self.accounts:
                self.account(account_id)
        self.contacts.add(contact_id)
        last_name = contact_id[8:].title().replace("-", "")
        self.row(
            "contacts",
            contact_id=contact_id,
            updated_at=at,
            role=role,
            specialty=specialty,
            account_id=account_id,
            **{
                "created_at": min(at, KNOWN_SINCE),
                "email": f"{contact_id.lower()}@planted.example",
                "first_name": "Planted",
                "last_name": last_name,
                "phone": "+1-512-555-0100",
                "job_title": role.replace("_", " ").title(),
                "npi": "9000000000",
                "state": "TX",
                "country": "US",
                "is_deleted": "false",
                "loaded_at": hour_after(at),
                **cells,
            },
        )

    def act(self, contact_id: str, activity_type: str, at: str, **cells: str) -> None:
        """One activity; its id counts the contact's: A-PLANT-RESIDENT-01."""
        number = self._number(contact_id)
        defaults = {
            "activity_id": f"A-{contact_id[2:]}-{number:02d}",
            "is_machine": "false",
            "loaded_at": hour_after(at),
        }
        self.row(
            "activities",
            contact_id=contact_id,
            activity_type=activity_type,
            occurred_at=at,
            **{**defaults, **cells},
        )

    def pricing_page(self, contact_id: str, at: str, **cells: str) -> None:
        """A high-intent page view: 10 points for every line."""
        self.act(contact_id, "page_view", at, page_url=COMPANY_SITE + "/pricing")

    def download(self, contact_id: str, at: str, asset: str, topic: str = "") -> None:
        """A content download: 10 points for every line, once per asset."""
        self.act(contact_id, "content_download", at, asset_name=asset, topic=topic)

    def webinar(self, contact_id: str, at: str, asset: str) -> None:
        """Registration at the time given, attendance 2 hours later: 20 points."""
        self.act(contact_id, "webinar_registration", at, asset_name=asset)
        attended_at = hour_after(hour_after(at))
        self.act(contact_id, "webinar_attendance", attended_at, asset_name=asset)

    def answer(
        self, contact_id: str, outcome: str, at: str, reason: str = "", **cells: str
    ) -> None:
        """A disposition by R-05, naming the line `general` unless said."""
        number = self._number("D" + contact_id)
        self.row(
            "dispositions",
            contact_id=contact_id,
            outcome=outcome,
            reason_code=reason,
            disposed_at=at,
            **{
                "disposition_id": f"D-{contact_id[2:]}-{number:02d}",
                "product_line": "general",
                "rep_id": "R-05",
                "loaded_at": hour_after(at),
                **cells,
            },
        )
