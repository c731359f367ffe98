"""What a person says to a peer: the questions of a registration and of a sign-up, one message each."""

from collections.abc import Sequence

QUESTIONS = (
    ("consent", "登记要记您的姓名和手机号。同意回 1，不同意回 2。"),
    ("name", "请问怎么称呼您？"),
    ("phone", "您的手机号是？"),
    ("residence", "您是候鸟，还是常住？1 候鸟 2 常住"),
    ("community", "您住在哪个社区？"),
    ("estate", "哪个小区？"),
    ("party", "您是党员吗？1 是 2 不是 3 不想说"),
    ("confirm", "记的对吗？1 对 2 改"),
)


def says(person: int) -> Sequence[str]:
    return (
        "/register",
        "1",
        "王建国",
        f"139{person % 100_000_000:08d}",
        "2",
        "春园社区",
        "示例小区",
        "2",
        "1",
        "/signup",
        "1",
    )
