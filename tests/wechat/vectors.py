"""Published test vectors of the platform's encryption (V1 to V6), and three of our own (V7 to V9)."""

# token "AAAAA": timestamp, nonce, signature
V1 = ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696")
V2 = ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78")

V3 = {  # a push with a JSON payload; its pad is 19
    "token": "AAAAA",
    "aes_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "appid": "wxba5fad812f8e6fb9",
    "timestamp": "1714112445",
    "nonce": "415670741",
    "signature": "6c5c811b55cc85e0e1b54100749188c20beb3f5d",
    "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
    "encrypt": (
        "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQq"
        "cvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuM"
        "cp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3"
        "VIYnSeOBrebufAlr7F9mFUPAJGj04="
    ),
    "plain": (
        '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime"'
        ':1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
    ),
    "random": b"a8eedb185eb2fecf",
}

V4 = {  # the reply to V3; its pad is 1
    "random": b"707722b803182950",
    "timestamp": "1713424427",
    "plain": '{"demo_resp":"good luck"}',
    "encrypt": "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==",
    "msg_signature": "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1",
    "token": "AAAAA",
    "aes_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "appid": "wxba5fad812f8e6fb9",
    "nonce": "415670741",
}

V5 = {  # a push with an XML payload; its pad is 22
    "token": "AAAAA",
    "aes_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "appid": "wx134c8103faa5a59e",
    "timestamp": "1715943329",
    "nonce": "1590219412",
    "signature": "cc0c594499c1634947d5b502f158ee518947db27",
    "msg_signature": "6c12a4205838198b8fa631b3220723bb07f1015c",
    "encrypt": (
        "D7yzvUNAL930rd28wf21s4hvXhz0L6Uit/p2Di6C5DHyYGpEgdBRnKjBec34JwoQXicwaZC7fOVihW80F4VtsdvE//"
        "1vr7oAbqjDv8KenVp+ajKYpJnyQ4zMRhIC+a31fCVOMC03FfzV/QuC94kBP55a+Za3sJgvAn+ZbsNqZI5DkyuzkhQN"
        "8OBqCzFhizGmy0xpM0MEA4agpvE+RuNO1rhHTtuJB5yltw1FiYzecSXJ+y/D2r81VkRn2eYjh2ltsoyfbDR7Is6ook"
        "XIFxTfyeNyeHxMeT4KN5WpCDmSbTcUYrbBUlkGLJ9n/rU8YOywma6G7aTb7KZKOqCxgfoUlYEZPk4FUL/TK7ShriFD"
        "MVCLyjQJ15Ob++agDWtcxhfUfe6HIoIpRW8mKNBQiY/Jd1svvuskA1wLef1RTtzKfMpagSCX/laZINmdnX4zrF6kIa"
        "R9P4xQrWXbsTFHTYe0Mg=="
    ),
    "plain": (
        "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>\n<FromUserName><![CDATA[o9AgO5Kd5"
        "ggOC-bXrbNODIiE3bGY]]></FromUserName>\n<CreateTime>1715943329</CreateTime>\n<MsgType><![CDAT"
        "A[event]]></MsgType>\n<Event><![CDATA[debug_demo]]></Event>\n<debug_str><![CDATA[hello world"
        "]]></debug_str>\n</xml>"
    ),
    "random": b"1205899eaf019bbd",
}

V6 = {  # a text message; its key has spare bits that are not zero
    "token": "spamtest",
    "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "appid": "wx2c2769f8efd9abc2",
    "timestamp": "1409735669",
    "nonce": "1320562132",
    "signature": "16120ec1b8dbb870f510d87ce6bc2463eae6ca1a",
    "msg_signature": "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
    "encrypt": (
        "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8"
        "PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jis"
        "a+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6"
        "X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl"
        "9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
    ),
    "plain": (
        "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>\n<FromUserName><![CDATA[oyORnuP8q"
        "7ou2gfYjqLzSIWZf0rs]]></FromUserName>\n<CreateTime>1409735668</CreateTime>\n<MsgType><![CDAT"
        "A[text]]></MsgType>\n<Content><![CDATA[abcdteT]]></Content>\n<MsgId>6054768590064713728</Msg"
        "Id>\n</xml>"
    ),
    "random": b"89465c840c5f116f",
}

V7 = {  # Han characters
    "pad": 4,
    "plain": (
        "<xml><ToUserName><![CDATA[oUSER]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserNam"
        "e><CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA["
        "你好，三亚]]></Content></xml>"
    ),
    "encrypt": (
        "Q3stYC6hdFzMh9T8HCvyDOiBjQaEFsaWKnCQBib4ODDIArR+h4ACZJV9zUsjA+oU/+gYS5ErHFPBYAArtMrd9rQh//"
        "6h/soXk3r2qcF7gWlhDLDAJkaTiPZpIY//pekS4rCJ76QfzfLeHkVoc0EATUovTxcmT7vFScnUuBtL9fevM1GX9OAe"
        "GwEtgAM2CLnCSpDQjmd50aEvZyKh80htPLftKZzaAVXFTy7R8U+vRIFZsNPIl+NJx14kw2+bObjrDAvd5e5Wx6z2mc"
        "2TK7RJDM3ROXcDMF6Dyh7e2XBY/fN1ZX/ULU/JQxwBNcjnEOkgYFeB/NptpRMNvfqpmuj3gg=="
    ),
    "msg_signature": "57d70571b35104f283c2823372a173790b3adbba",
    "token": "spamtest",
    "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "appid": "wx2c2769f8efd9abc2",
    "random": b"0123456789abcdef",
    "timestamp": "1714112445",
    "nonce": "415670741",
}

V8 = {  # the largest pad, 32
    "pad": 32,
    "plain": "aaaaaaaaaaaaaaaaaaaaaaaaaa",
    "encrypt": (
        "Q3stYC6hdFzMh9T8HCvyDKrhsqkWjSa4DbROCGPw/zlHngOOnfZmPDWcUOO43s98CC0q+v7o0YiBwlnIx3i/cGhj8A"
        "4fReeKch62vtDtssaIwY5UX2XZS0eTfS+3oNGp"
    ),
    "msg_signature": "7978b5cc6b235d8a0214d5fc7562ce4413c29572",
    "token": "spamtest",
    "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "appid": "wx2c2769f8efd9abc2",
    "random": b"0123456789abcdef",
    "timestamp": "1714112445",
    "nonce": "415670741",
}

V9 = {  # the smallest pad, 1
    "pad": 1,
    "plain": "aaaaaaaaaaaaaaaaaaaaaaaaa",
    "encrypt": "Q3stYC6hdFzMh9T8HCvyDHbYwxDd4KWozzmaSzITkEKdo60oVFDlrsD45sHuIef8sP324Y1f3XuIWeB3W+YTXg==",
    "msg_signature": "2c7b975bd2ae8aa8e8147bc84f0fa0a658fc9204",
    "token": "spamtest",
    "aes_key": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "appid": "wx2c2769f8efd9abc2",
    "random": b"0123456789abcdef",
    "timestamp": "1714112445",
    "nonce": "415670741",
}

ALL = [V3, V4, V5, V6, V7, V8, V9]
