"""Our whole conversations, everything durable, beside programs that say back what they hear and keep nothing.

Run: python -m benchmarks.echoes [--people 120] [--keep]

Through Telegram's webhook over real HTTP, 64 in flight and one, as in `benchmarks.conversation`: python-telegram-bot
with its own HTTP backend, aiogram, and a lean ceiling of bare ASGI, msgspec and aiohttp.
"""

import uvloop

from benchmarks.conversation import through_webhook
from benchmarks.figures import at_least, at_most, beside, options, tell
from benchmarks.programs import ECHOES, OURS

TITLE = "Echoes"
_OF_THE_CEILING, _TIMES_ALONE = 0.4, 3.0


async def main(people: int, *, keep: bool, command: str) -> None:
    rates, alone, figures = {}, {}, []
    for program in (*ECHOES, OURS):
        many, single, used, _ = await through_webhook(program, people)
        rates[program.name], alone[program.name] = many.rate, single.percentile(50)
        value = f"{many.rate:,.0f}/s, {used * 1e6:,.0f} µs, alone {single.percentile(50):.2f} ms"
        figures.append(beside(program.name, value))
    ptb, aiogram, lean = (program.name for program in ECHOES)
    ours = rates[OURS.name]
    figures += [
        at_least("ours ÷ python-telegram-bot, echo", ours / rates[ptb], 1, " ×"),
        at_least("ours ÷ aiogram, echo", ours / rates[aiogram], 1, " ×"),
        at_least("ours ÷ the lean ceiling", ours / rates[lean], _OF_THE_CEILING, " ×"),
        at_most("p50 with one in flight ÷ the lean ceiling's", alone[OURS.name] / alone[lean], _TIMES_ALONE, " ×"),
    ]
    tell(TITLE, command, figures, keep=keep)


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--people", type=int, default=120)
    asked = parser.parse_args()
    uvloop.run(main(4 if asked.tiny else asked.people, keep=asked.keep, command="python -m benchmarks.echoes"))


if __name__ == "__main__":
    _run()
