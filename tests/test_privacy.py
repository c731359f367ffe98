"""The privacy requirements P1 to P32, a test for each.

Where another file holds a requirement already, its promises are named here and must be there; what is a matter of
papers or of the place where it runs must be written down.
"""

import ast
import asyncio
import io
import logging
import re
import shutil
import subprocess
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from bot.__main__ import main as hongyan
from bot.commands import person as relatives
from bot.config import WrongSettings, checked
from dialogue.message import Address
from storage import audit, inbox, people
from storage.audit import Actor
from storage.database import open_database
from storage.geography import Place
from storage.vault import Vault
from tests.conftest import ME, MORNING, Chat, content_of
from tests.dialogues.town import class_of, person, town

MOMENT = timedelta(seconds=1)
ROOT = Path(__file__).parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
NAME, PHONE, IDENTITY, WORDS = "欧阳标记", "13912345678", "460200195001011234", "楼道里标记着灯坏了"
FULL_WIDTH = "".join(chr(ord(digit) + 0xFEE0) for digit in IDENTITY)
REGISTERS = ("登记", "同意", NAME, PHONE, "常住三亚", "春园社区", "标记小区", "不想说", "对")


@cache
def promises(file):
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def held_by(file, *names):
    missing = {f"test_{name}" for name in names} - promises(file)
    assert not missing, f"{file} does not promise {missing} any more"


@pytest.fixture(params=["aes-256-gcm", "sm4-gcm"])
async def house(request, databases, tmp_path, caplog):
    """A house that has heard marked values, with everything it logged."""
    caplog.set_level(logging.DEBUG)
    chat = Chat(databases.new(tmp_path / "house.db"), Vault.load_or_create(tmp_path / "house.key", request.param))
    await chat.does(town)
    await chat.does(class_of)
    yield chat
    await chat.close()


def test_p01_a_yes_before_the_first_field():
    held_by("dialogues/test_registration.py", "nothing_is_kept_before_the_yes_and_a_no_leaves_points_and_events")


def test_p02_a_yes_of_its_own_for_membership_position_and_health():
    held_by("dialogues/test_registration.py", "each_consent_is_a_row_with_the_hash_of_its_words")
    held_by("dialogues/test_points.py", "a_position_needs_its_own_yes_and_is_never_kept")
    held_by("dialogues/test_needs.py", "about_health_nothing_is_kept_without_a_yes_of_its_own")


def test_p03_new_words_are_asked_about():
    held_by("storage/test_consents.py", "other_words_have_another_hash")
    held_by("dialogues/test_consent_changes.py", "new_words_are_asked_about_once")


def test_p04_a_consent_is_taken_back_in_two_turns():
    held_by("dialogues/test_my_data.py", "each_consent_is_taken_back_in_two_turns_and_leaves_the_others")


@pytest.mark.parametrize("number", [IDENTITY, FULL_WIDTH, "6222 0212 3456 7890 123"])
async def test_p05_identity_and_card_numbers_are_neither_kept_nor_logged(house, caplog, number):
    await house.says("说难处", f"我的号码是 {number}", number, "您好")
    await house.close()
    found = content_of(house.url)
    for form in (number, number.replace(" ", "")):
        assert form.encode() not in found
        assert form not in caplog.text
    async with open_database(house.url, house.vault) as database:
        for row in await database.read(lambda tx: tx.execute(inbox.table.select()).all()):
            said = house.vault.open(row.said, f"inbox.said|{row.channel}:{row.message}")
            assert number not in said
            assert IDENTITY not in said


async def test_p06_a_position_is_used_and_dropped(house, caplog):
    held_by("test_talk.py", "a_position_is_used_and_never_kept")
    await house.says("找服务点", "同意")
    await house(place=Place(18.2511223, 109.5133445))
    await house.close()
    for digits in ("18.2511", "109.5133"):
        assert digits.encode() not in content_of(house.url)
        assert digits not in caplog.text


def test_p07_everything_held_is_shown_taken_along_and_corrected():
    held_by("storage/test_own_data.py", "every_table_with_rows_of_a_person_is_shown")
    held_by(
        "dialogues/test_my_data.py",
        "all_of_it_can_be_taken_along_as_words_and_for_programs",
        "each_field_is_corrected_after_an_echo",
    )


def test_p08_whoever_is_forgotten_still_counts():
    held_by("storage/test_erasure.py", "what_was_counted_stays_and_a_coming_place_goes_to_the_next")


def test_p09_requests_are_logged_with_their_date():
    held_by("dialogues/test_my_data.py", "each_request_is_logged_with_its_date")


def test_p10_what_is_old_goes_and_stays_gone_after_a_restore():
    held_by("test_retention.py", "a_draft_is_forgotten_seven_days_after_the_last_word")
    held_by("test_restore.py", "whoever_was_erased_since_the_backup_is_erased_again")


async def test_p11_no_name_phone_or_need_can_be_read_in_the_file_or_the_log(house, tmp_path, caplog):
    assert "登记好了" in await house.says(*REGISTERS)
    await house.says("我的信息", "报名书法班", "说难处", WORDS, "标记路8号")
    await house.close()
    found = content_of(house.url)
    for marked in (NAME, "欧阳", PHONE, WORDS, "标记着灯", "标记路8号"):
        assert marked.encode() not in found, marked
        assert marked not in caplog.text, marked
    for key in ("keys", "lookup"):
        assert key not in caplog.text
    assert (tmp_path / "house.key").read_bytes()[40:80] not in found


async def test_p12_the_same_talks_work_under_either_cipher(house):
    assert "登记好了" in await house.says(*REGISTERS)
    assert NAME in await house("我的信息")
    held_by("storage/test_resealing.py", "everything_opens_after_a_change_of_the_key")


def test_p13_names_and_phones_leave_masked():
    held_by("reports/test_attendance.py", "names_and_phones_leave_masked")
    held_by("reports/test_lists.py", "the_need_ledger_has_its_columns_and_names_nobody")
    held_by("roles/test_files.py", "rows_with_names_are_of_the_own_point")


def test_p14_a_role_reaches_its_scope_and_its_end():
    held_by("storage/test_grants.py", "a_role_is_there_from_its_start_to_its_end", "the_scope_comes_with_the_role")
    held_by("test_call_list.py", "nobody_sees_the_list_of_another_point")
    held_by("dialogues/test_need_work.py", "the_lead_of_another_point_sees_nothing")
    held_by("roles/test_chat.py", "whoever_may_does_and_whoever_may_not_is_told_and_changes_nothing")
    held_by("roles/test_console.py", "whoever_may_gets_in_and_nobody_else_and_every_answer_is_guarded")


async def test_p15_a_change_in_the_audit_log_shows(database):
    for number in range(5):
        await database.write(audit.note, Actor(1, "district_staff"), "grant.given", f"person {number}", MORNING)
    assert await database.read(audit.first_broken) is None
    for change, row in (
        ("UPDATE audit_log SET actor_id = 2 WHERE id = 4", 4),
        ("DELETE FROM audit_log WHERE id = 2", 3),
    ):
        await database.write(lambda tx, change=change: tx.connection.exec_driver_sql(change))
        assert await database.read(audit.first_broken) == row
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "storage").glob("*.py"))
    for way in ("delete(audit_log", "update(audit_log", "delete(audit.table", "update(audit.table"):
        assert way not in code
    own = (ROOT / "storage" / "audit.py").read_text(encoding="utf-8")
    assert "update(" not in own
    assert re.findall(r"(\w+) = delete\(", own) == ["_FORGET"]  # what is older than 400 days
    held_by("test_retention.py", "acts_are_forgotten_after_four_hundred_days_and_the_chain_still_holds")


def test_p16_logs_are_kept_for_a_year_or_more():
    assert checked({}).logs.days >= 365
    with pytest.raises(WrongSettings):
        checked({"logs": {"days": 200}})


def test_p17_no_host_but_the_platforms_is_spoken_to():
    hosts = set()
    for room in ("bot", "handlers", "dialogue", "reports", "storage"):
        for path in (ROOT / room).rglob("*.py"):
            hosts |= set(re.findall(r"https?://([\w.-]+\.\w+)", path.read_text(encoding="utf-8")))
    schemas = {"schemas.openxmlformats.org", "purl.org", "www.w3.org"}
    links = {
        "uri.amap.com",
        "apis.map.qq.com",
        "mp.weixin.qq.com",
    }  # opened by the person who taps them, never by the program
    ours = {"example.org", "hongyan.example.org", "127.0.0.1", "t.me"}
    assert hosts - schemas - links - ours <= {"api.telegram.org", "api.weixin.qq.com"}, hosts
    assert "`api.telegram.org`" in OPERATIONS


def test_p18_there_is_no_language_model():
    wanted = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for library in ("openai", "anthropic", "dashscope", "zhipuai", "transformers", "langchain"):
        assert not re.search(rf"^{library}==", wanted, re.M)


def test_p19_data_and_backups_stay_in_the_country():
    assert "in mainland China (the data and its backups stay there)" in OPERATIONS
    assert "another place, which must be in mainland China too" in OPERATIONS


def test_p20_the_record_and_the_notice_of_an_incident_are_ready():
    for part in (
        "kind of incident",
        "cause",
        "harm",
        "what people can do themselves",
        "who answers questions",
        "给您添麻烦了",
    ):
        assert part in OPERATIONS


def test_p21_the_runbook_names_hours_and_the_telephone():
    assert "Within 4 hours" in OPERATIONS
    assert "12387" in OPERATIONS


def test_p22_the_impact_assessment_has_its_form():
    form = (ROOT / "docs" / "impact-assessment.md").read_text(encoding="utf-8")
    assert "before launch" in form
    assert "three years" in form
    for key in ("K1", "K2", "K3", "K6"):
        assert f"同意 {key}" in form


async def test_p23_what_everybody_can_read_names_nobody(house):
    assert "登记好了" in await house.says(*REGISTERS)
    await house.says("报名书法班")
    house.who = Address("telegram", "a stranger")
    for words in ("活动", "活动 1", "找服务点", "春园社区", "心愿", "您好"):
        assert NAME not in await house(words)


def test_p24_staff_sign_in_by_a_link_that_opens_once():
    held_by("storage/test_tokens.py", "a_link_opens_once", "it_ends_at_its_time")
    held_by("storage/test_tokens.py", "wrong_codes_are_counted_for_each_account", "many_accounts_cannot_guess_together")
    held_by("console/test_sign_in.py", "trying_links_is_slowed_down", "a_role_taken_back_makes_its_links_useless")
    held_by("console/test_sign_in.py", "under_https_the_cookie_is_for_this_very_host_and_https_alone")


async def test_p25_relatives_of_the_dead_get_a_copy_or_erasure_through_staff(database):
    await database.write(town)
    await database.write(person, NAME, PHONE, ("telegram", "1"))
    copy = await database.write(relatives.copied, NAME, PHONE, "a daughter asked, papers seen", MORNING)
    assert NAME in copy.decode()
    assert await database.write(relatives.copied, NAME, "13900000000", "x", MORNING) is None
    assert "Erased" in await database.write(relatives.erase, NAME, PHONE, "a daughter asked, papers seen", MORNING)
    assert await database.read(people.same, PHONE, NAME) is None
    acts = await database.read(lambda tx: [act.action for act in audit.between(tx, MORNING, MORNING + MOMENT)])
    assert {"person.copied", "person.erase asked"} <= set(acts)
    assert "## When somebody has died" in OPERATIONS


def test_p25_by_command_with_whose_it_is_kept_off_the_command_line(tmp_path, empty_database, monkeypatch, capsys):
    """The real command on a real file: the copy is for one's own eyes, and after the erasure nobody is found."""
    shutil.copy(empty_database, tmp_path / "hongyan.db")
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text('[storage]\nurl = "sqlite:///hongyan.db"\nkey_file = "hongyan.key"\n')
    Path("copy.txt").touch(mode=0o644)

    def on_file(work, *given):
        async def done():
            async with open_database(
                f"sqlite:///{tmp_path}/hongyan.db", Vault.load_or_create(Path("hongyan.key"))
            ) as db:
                return await db.write(work, *given)

        return asyncio.run(done())

    def says(action, *more):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{NAME}\n{PHONE}\n"))
        code = hongyan(["person", action, "--reason", "a daughter asked, papers seen", *more])
        return code, capsys.readouterr()

    on_file(town)
    assert says("copy", "-o", "copy.txt")[0] == 1
    on_file(person, NAME, PHONE, ("telegram", "1"))
    assert says("copy")[0] == 2
    assert says("copy", "-o", "copy.txt")[0] == 0
    assert NAME in Path("copy.txt").read_text(encoding="utf-8")
    assert Path("copy.txt").stat().st_mode & 0o077 == 0
    code, said = says("erase")
    assert (code, NAME in said.out + said.err) == (0, False)
    code, said = says("copy", "-o", "copy.txt")
    assert code == 1
    assert "nobody is registered with this name and this phone" in said.err
    acts = on_file(lambda tx: [row.action for row in tx.execute(audit.table.select())])
    assert [act for act in acts if act.startswith("person.")].count("person.copied") == 1
    assert "person.erase asked" in acts
    assert on_file(audit.first_broken) is None


def test_p26_no_secrets_of_the_state_or_of_work_is_written_down():
    assert "No state or work secrets" in OPERATIONS
    assert "这里不放国家秘密和工作秘密" in (ROOT / "bot/console/templates/page.html").read_text(encoding="utf-8")


def test_p27_unfollowing_erases_the_wechat_identity():
    held_by("wechat/test_pushes.py", "unfollowing_erases_the_wechat_identity")


def test_p28_a_member_is_seen_by_the_own_branch():
    held_by("reports/test_season.py", "a_branch_sees_its_own_members_alone")
    held_by("dialogues/test_my_data.py", "showing_it_is_ones_own_choice")


def test_p29_a_wish_names_nobody():
    held_by("dialogues/test_wishes.py", "words_that_give_the_elder_away_are_not_posted")
    held_by("reports/test_needs.py", "wishes_name_neither_who_wished_nor_in_full_who_helps")


def test_p30_nobody_is_scored_or_ranked():
    for room in ("bot", "handlers", "reports", "storage"):
        for path in (ROOT / room).rglob("*.py"):
            found = re.search(r"排行|排名|积分榜|leaderboard|打卡", path.read_text(encoding="utf-8"))
            assert found is None, f"{path.name}: {found[0]}"


def test_p31_the_call_list_is_its_points_alone_and_goes_after_a_week():
    held_by("test_call_list.py", "nobody_sees_the_list_of_another_point", "the_list_is_forgotten_after_seven_days")
    held_by("dialogues/test_my_data.py", "nothing_of_anybody_else_is_shown")


def test_p32_phones_of_the_house_are_invented_ones():
    """Landlines of 三亚 in texts, samples and tests begin with 0898-0000, but for the public hotline numbers."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    wrong = []
    for name in listed:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".csv", ".toml", ".html", ".js") and path.exists():
            found = re.findall(r"0898-(?!0000)\d{4}-\d{4}|0898-(?!0000)\d{8}", path.read_text(encoding="utf-8"))
            wrong += [(name, number) for number in found]
    assert wrong == []


async def test_what_is_said_in_a_group_is_not_personal(house):
    assert NAME not in await house("我的信息", sender=ME, private=False)
