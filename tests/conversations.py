"""What staff read in docs/conversations.md: the main path of each conversation, as the tests had it."""

import json
import os
import re
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "conversations.md"
INTO = "HONGYAN_CONVERSATIONS"
"""Set by scripts/conversations: the folder to write what was said into, instead of comparing it with the page."""

HEAD = """# 对话样例

这一页由 `scripts/conversations` 从测试里的对话生成，给看文字的同志审阅用，请不要手改。
每段是一种事的主要走法：加粗的是人说的，引用的是红雁答的；里面的人和电话都是虚构的。
"""

CHOSEN = {  # heading -> where it is promised
    "问好": "welcome.test_the_greeting_says_what_can_be_done_and_what_is_never_asked",
    "找人工": "welcome.test_a_person_is_one_word_away",
    "候鸟党员登记": "registration.test_a_seasonal_member_registers_in_twelve_questions",
    "常住居民登记": "registration.test_a_local_resident_registers_in_eight_questions",
    "发位置找服务点": "points.test_a_position_needs_its_own_yes_and_is_never_kept",
    "看活动、报名": "events.test_what_is_on_is_a_list_to_pick_from_by_number",
    "两个人一起报名": "events.test_two_come_together",
    "候补": "events.test_a_full_class_means_a_place_on_the_list_and_good_news_later",
    "集市：约时段": "markets.test_a_slot_is_one_choice_and_signs_up_on_the_way",
    "集市：过号再回来": "markets.test_a_number_that_was_skipped_comes_back_next",
    "口令签到": "attendance.test_whoever_says_the_word_is_checked_in_once",
    "说难处": "needs.test_a_need_told_in_words_has_its_number_at_once",
    "办难处、答复": "need_work.test_the_owner_reads_it_accepts_it_and_answers_in_plain_words",
    "微心愿": "wishes.test_a_wish_goes_all_the_way",
    "代办": "proxies.test_the_resident_is_asked_and_agrees_with_one_digit",
    "我的信息": "my_data.test_everything_stated_is_shown_in_plain_words",
    "参加活动证明": "papers.test_a_resident_gets_the_proof_of_what_they_came_to",
    "双报到": "report_ins.test_one_step_reports_unit_and_member_in_for_a_year",
    "积分卡": "credit_points.test_a_card_is_opened_at_ones_own_wish_and_closed_again",
    "少发点": "messages_settings.test_less_in_one_sentence",
    "发布活动": "organise.test_an_event_is_made_by_questions_and_shown_as_an_elder_sees_it",
    "活动模板": "event_forms.test_what_is_missing_or_unclear_is_said_and_asked_for_alone",
    "办集市": "markets.test_a_market_is_made_with_its_stalls_and_has_no_limit_of_its_own",
    "改时间，再撤回": "event_changes.test_a_new_time_taken_back_is_told_as_the_time_that_holds",
    "取消活动": "organise.test_calling_it_off_tells_everyone_why",
    "办成系列": "series.test_public_holidays_are_left_out_and_said",
    "门口签到": "check_in.test_numbers_and_ranges_are_noted_in_one_message",
    "纸上签到补录": "attendance.test_a_sheet_is_typed_in_with_its_own_times",
    "打印签到表": "papers.test_the_sheet_of_an_event_that_comes_is_made_for_who_checks_in",
    "叫号": "markets.test_the_next_is_called_with_one_thumb_and_told_at_once",
    "记经费": "budgets.test_a_sum_is_noted_with_its_receipt_and_stands_in_the_ledger",
    "群发，第二个人同意": "broadcasts.test_above_the_number_a_second_person_must_agree",
    "给职务": "grants.test_a_role_is_given_by_name_for_a_point_until_a_day",
    "替没手机的老人登记": "people.test_someone_without_a_phone_is_registered_with_their_yes",
    "统计": "figures.test_the_period_is_named_back_and_the_count_begins",
}


def heading_of(node):
    """Under which heading this test stands, if it does."""
    name = f"{node.module.__name__.rpartition('.test_')[2]}.{node.originalname}"
    here = node.module.__name__.startswith("tests.dialogues.")
    return next((heading for heading, test in CHOSEN.items() if here and test == name), None)


def section(heading, heard):
    """`heard` is (who, said, answered), one after the other; another voice is a line of its own."""
    lines = [f"## {heading}", ""]
    before = heard[0][0] if heard else None
    for who, said, answered in heard:
        if who != before:
            lines += ["*换一个人说：*", ""]
            before = who
        lines += [f"**{said}**", ""]
        lines += [f"> {line}" if line else ">" for line in answered.splitlines()]
        lines.append("")
    return "\n".join(lines)


def words_of(text, sent):
    """What a person did, as it is read on the page."""
    if text:
        return text.replace("\n", "／")
    for kind, words in (
        ("attachment", "［照片］"),
        ("place", "［位置］"),
        ("payload", "［扫码］"),
        ("contact", "［号码］"),
    ):
        if sent.get(kind):
            return words
    return "［点按钮］" if sent.get("choice") else "［空］"


def looked_at(node, heard):
    """Compare what was said with the page, or write it down for it."""
    heading = heading_of(node)
    if heading is None:
        return
    found = section(heading, heard)
    if folder := os.environ.get(INTO):
        (Path(folder) / f"{list(CHOSEN).index(heading)}.json").write_text(json.dumps(found), encoding="utf-8")
    else:
        assert found in PAGE.read_text(encoding="utf-8"), f"{PAGE.name} is out of date: run scripts/conversations"


def headings():
    return re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
