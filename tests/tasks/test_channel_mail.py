"""E-mail through a real SMTP server on loopback: readable in Chinese, and every no with its code."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.channel_outcomes import Sent
from tasks.channel_plugins.exchange import secure_context
from tasks.channels import send
from tasks.rendering import Message
from tests.certificates import make_certificate, server_context
from tests.mail_server import MailServer, mail_server, trickling_server

LINK = "http://127.0.0.1:8200/c/" + "aZ09-_" * 30
MESSAGE = Message(
    "【新任务】暴露垃圾，5月6日（周一）16:00前", f'位置：梨河镇 <路口> & "北"\n.\n\n查看案件 Open the case: {LINK}'
)

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

TO = "liaison@lihe.example.cn"
FROM = "from=zhihui@xinzheng.example.cn"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def certificate(tmp_path: Path) -> Iterator[Path]:
    """A certificate for 127.0.0.1 that is not in the machine's store."""
    yield make_certificate(tmp_path)
    secure_context.cache_clear()


def test_a_letter_arrives_readable_with_its_link_on_one_line(server: MailServer) -> None:
    assert send(f"mailto://{server.host}/{TO}?{FROM}&name=指挥中心", MESSAGE) == Sent(True, "handed_over")
    (letter,) = server.letters
    assert letter["Subject"] == MESSAGE.title
    assert (letter["To"], letter["From"]) == (TO, "指挥中心 <zhihui@xinzheng.example.cn>")
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().strip().replace("\r\n", "\n") == MESSAGE.body
    assert LINK in letter.get_content().splitlines()[-1]


@pytest.mark.parametrize(
    ("refusal", "sent"),
    [
        ("550 5.1.1 no such user s3cret", Sent(False, "refused_by_channel 550")),
        ("552 full", Sent(False, "refused_by_channel 552")),
        ("451 4.7.1 grey-listed", Sent(False, "too_fast 451", 300.0)),
        ("450 4.2.1 rate", Sent(False, "too_fast 450", 300.0)),
        ("530 5.7.0 authentication required", Sent(False, "auth_refused 530")),
    ],
)
def test_a_refused_recipient_is_no_success(server: MailServer, refusal: str, sent: Sent) -> None:
    server.refusals[TO] = refusal
    assert send(f"mailto://{server.host}/{TO}?{FROM}", MESSAGE) == sent
    assert not server.letters


def test_one_refused_recipient_among_several_is_no_success(server: MailServer) -> None:
    server.refusals[TO] = "550 no such user"
    assert send(f"mailto://{server.host}/{TO}?{FROM}&cc=other@example.cn", MESSAGE) == Sent(
        False, "refused_by_channel 550"
    )


def test_a_refused_letter_is_no_success(server: MailServer) -> None:
    server.data_answer = "554 5.7.1 looks like spam"
    assert send(f"mailto://{server.host}/{TO}?{FROM}", MESSAGE) == Sent(False, "refused_by_channel 554")


@pytest.mark.parametrize(
    ("login", "sent"),
    [
        ("zhihui:s3cret@", Sent(True, "handed_over")),
        ("zhihui:wrong@", Sent(False, "auth_refused 535")),
        ("", Sent(False, "auth_refused 530")),
    ],
)
def test_a_server_that_asks_for_a_login_gets_one_or_says_no(login: str, sent: Sent) -> None:
    with mail_server(asks_for_login=True) as server:
        assert send(f"mailto://{login}{server.host}/{TO}?{FROM}", MESSAGE) == sent
        assert len(server.letters) == sent.ok


def test_a_login_where_the_server_knows_none_is_refused(server: MailServer) -> None:
    assert send(f"mailto://zhihui:s3cret@{server.host}/{TO}?{FROM}", MESSAGE) == Sent(False, "auth_refused")
    assert not server.letters


def test_a_server_that_is_away_does_not_answer() -> None:
    with mail_server() as server:
        gone = server.host
    assert send(f"mailto://{gone}/{TO}?{FROM}", MESSAGE) == Sent(False, "no_answer")


@pytest.mark.parametrize("greeting", [b"", b"220 ready\r\n", b"220-", b"220 ready\r\n250 ok\r\n"])
def test_a_server_that_sends_a_byte_at_a_time_is_given_up(greeting: bytes) -> None:
    with trickling_server(greeting) as host:
        began = time.monotonic()
        assert send(f"mailto://{host}/{TO}?{FROM}&rto=0.5", MESSAGE) == Sent(False, "no_answer")
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("greeting", "sent"),
    [
        (b"554 no service\r\n", Sent(False, "refused_by_channel 554")),
        (b"421 too busy\r\n", Sent(False, "too_fast 421", 300.0)),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Sent(False, "garbage")),
    ],
)
def test_a_server_that_does_not_welcome_us_says_so(greeting: bytes, sent: Sent) -> None:
    with trickling_server(greeting) as host:
        assert send(f"mailto://{host}/{TO}?{FROM}", MESSAGE) == sent


@pytest.mark.parametrize("mode", ["starttls", "ssl"])
def test_letters_go_encrypted_to_a_server_whose_certificate_the_machine_knows(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    context = server_context(certificate)
    with mail_server(starttls=context) if mode == "starttls" else mail_server(tls=context) as server:
        url = f"mailtos://{server.host}/{TO}?{FROM}&mode={mode}"
        assert send(url, MESSAGE) == Sent(False, "bad_certificate")
        assert not server.letters
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        secure_context.cache_clear()
        assert send(url, MESSAGE) == Sent(True, "handed_over")


def test_a_server_that_cannot_encrypt_gets_no_letter(server: MailServer) -> None:
    assert send(f"mailtos://zhihui:s3cret@{server.host}/{TO}?{FROM}", MESSAGE) == Sent(False, "not_encrypted")
    assert not server.letters


@pytest.mark.parametrize("asked", ["verify=no", "format=html", "rto=0"])
def test_an_address_that_asks_for_what_we_do_not_do_is_refused(server: MailServer, asked: str) -> None:
    assert send(f"mailto://{server.host}/{TO}?{FROM}&{asked}", MESSAGE) == Sent(False, "bad_address")


@pytest.mark.parametrize("title", ["题目\r\nBcc: evil@example.cn", "Task\r\nBcc: evil@example.cn", "Task\r\rX: 1"])
def test_a_title_cannot_add_a_header(server: MailServer, title: str) -> None:
    assert send(f"mailto://{server.host}/{TO}?{FROM}", Message(title, "正文")).ok
    assert {"Bcc", "X"}.isdisjoint(server.letters[0].keys())
