"""What the page itself says, beside what the conversations say."""


def too_fast(seconds: float) -> str:
    return f"您点得有点快，请等 {max(1, round(seconds + 0.5))} 秒再发。"


TOO_LARGE = "这个文件太大了，最多 10 MB。照片可以先截个图再发。"
NOT_READ = "这条没收全，请再发一次。"
STALE = "这一页放得久了，请再点一次“发送”。"
EMPTY_FILE = "这个文件是空的，请换一个再发。"
UNKNOWN_FILE = "这种文件我打不开。照片、语音、视频、PDF 和表格都可以发。"
BROKEN_PICTURE = "这张照片打不开，请截个图再发，或者重新拍一张。"
GONE = "这个文件找不到了，可能已经过了保存的日子（7 天）。请在聊天里再要一次。"

NOT_NOW = "我这边出了点毛病，文件还在。请过十分钟再点一次。"


def fault(phone: str) -> str:
    return f"我这边出了点毛病，您的话没丢，还在框里。请过一会儿再发，着急打 {phone}。"
