import os

os.environ["PYPINYIN_NO_PHRASES"] = "true"  # as bot.__main__ has it, before anything imports it
