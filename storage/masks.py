"""How names, phones and identity numbers look once they leave storage for eyes that need not know them in full."""

import re
import unicodedata

_COMPOUND_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒"
        "鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生梁丘左丘东门"
        "西门南荣第五纳兰完颜叶赫富察",
    )
)
_BETWEEN_NAMES = re.compile(r"([·•‧・･∙．. ]+)")  # as typed by people: 买买提·吐尔逊
_IDEOGRAPH = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_SPACES_AND_STROKES = re.compile(r"[\s\-‐‑–—－_()（）.]+")
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})")
_LANDLINE = re.compile(r"(?:(?:\+|00)?86)?(0(?:10|2\d|[3-9]\d\d))(\d{7,8})(?:(?:转|,|#|\*|ext)?\d{1,5})?")
_LOCAL_LANDLINE = re.compile(r"[2-8]\d{6,7}")


def mask_phone(phone: str) -> str:
    """138****1234 for a mobile number, 0898-****1234 for a landline, at most the last four digits of anything else."""
    digits = _SPACES_AND_STROKES.sub("", unicodedata.normalize("NFKC", phone))
    if mobile := _MOBILE.fullmatch(digits):
        return f"{mobile[1][:3]}****{mobile[1][-4:]}"
    if landline := _LANDLINE.fullmatch(digits):
        return f"{landline[1]}-****{landline[2][-4:]}"
    if _LOCAL_LANDLINE.fullmatch(digits):
        return f"****{digits[-4:]}"
    if not digits:
        return ""
    return f"****{digits[-4:]}" if len(digits) >= 8 and digits[-4:].isdecimal() else "****"


def mask_name(name: str) -> str:
    """王*国, 王*, 欧阳**; of a name in parts (买买提·吐尔逊) nothing but its first character and the joints."""
    name = name.strip()
    if _IDEOGRAPH.search(name):
        name = "".join(name.split())  # 王 建 国 is one name of three characters
    parts = _BETWEEN_NAMES.split(name)
    if len(parts) > 1:
        kept = [part if place % 2 else "*" * len(part) for place, part in enumerate(parts)]
        return name[:1] + "".join(kept)[1:]
    if len(name) <= 1:
        return "*" * len(name)
    if len(name) == 2:
        return f"{name[0]}*"
    if name[:2] in _COMPOUND_SURNAMES:
        return name[:2] + "*" * (len(name) - 2)
    return name[0] + "*" * (len(name) - 2) + name[-1]
