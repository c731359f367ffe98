"""What is printed on one page and signed: the sheet at the door, and the proof a member takes home."""

from reports.attendance import Paper, attendance_sheet
from reports.members import participation_proof
from reports.pdf import Document
from reports.periods import Period
from reports.sheet import Row, Sheet, Unmasked, chinese_date
from storage.database import Transaction
from storage.masks import mask_phone
from storage.times import local_date

_EMPTY_ROWS = 6  # for those who come without having signed up
_SIGNABLE = 10.0  # mm that a row to be signed is high
_SIZES = (11.0, 10.0, 9.0, 8.0, 7.0)  # points, until a proof fits on its page


def sign_in_sheet(
    tx: Transaction,
    event_id: int,
    on: Paper,
    *,
    sees_party: bool = False,
    blank: bool = True,
    unmasked: Unmasked | None,
) -> Document:
    """签到表 for the door, with room for those who just come; not `blank`, with who came. Raises `NotFound`.

    It lies open on a table: phones are masked even where the names are not.
    """
    made = attendance_sheet(tx, event_id, on, masked=unmasked is None, sees_party=sees_party, blank=blank)
    rows = list(made.rows)
    if unmasked is not None:
        place = [column.kind for column in made.columns].index("phone")
        rows = [(*row[:place], mask_phone(str(row[place] or "")), *row[place + 1 :]) for row in rows]
    if blank:
        rows += [(None,) * len(made.columns)] * _EMPTY_ROWS
    document = Document(
        made.title, is_landscape=True, is_sample=on.sample, mark="" if unmasked is None else unmasked.watermark
    )
    document.headline(made.title)
    shown = [(label, value) for label, value in made.heads if value and label not in ("期间", "说明")]
    document.facts(shown, in_columns=3, size=10)
    document.grid(made.columns, rows, made.total() if made.total and not blank else None, row_height=_SIGNABLE, size=10)
    if blank:
        document.paragraph("没有报名、当场来的，请写在空行里。不留姓名的，只数人数，记在下面。", 10)
        document.signatures("现场清点人数", "签到员", "活动负责人")
    else:
        document.signatures("制表人", "审核人")
    return document


def proof(tx: Transaction, person_id: int, period: Period, on: Paper) -> Document:
    """参加活动证明 on one page of A4, as long as a season's events fit there. Raises `NotFound`."""
    made = participation_proof(tx, person_id, period, on)
    rows = list(made.rows)
    for size in _SIZES:
        document = _proof(made, rows, on, size)
        if document.pages_count == 1:
            break
    return document


def _proof(made: Sheet, rows: list[Row], on: Paper, size: float) -> Document:
    document = Document(made.title, is_sample=on.sample)
    document.gap(6)
    document.headline(made.title, 24)
    document.gap(4)
    about = dict(made.heads)
    document.facts([(label, about[label]) for label in ("姓名", "原党组织", "编入支部") if about.get(label)], size=12)
    document.facts([("期间", about["期间"])], size=12)
    document.paragraph(f"　　兹证明，{about['姓名']}在上述期间参加下列活动，共参加{len(rows)}次。", 12)
    document.gap(3)
    document.grid(made.columns, rows, size=size, row_height=0.75 * size if size > _SIZES[-1] else 0)
    document.paragraph("　　特此证明。", 12)
    document.needs(26)
    document.gap(10)
    document.paragraph(f"{on.unit}（盖章）　　", 12, align="right")
    document.paragraph(f"{chinese_date(local_date(on.made_at))}　　", 12, align="right")
    return document
