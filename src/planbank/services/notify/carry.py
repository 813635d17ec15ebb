"""The ways out: a mail server by SMTP (RFC 5321), a gateway for text messages by apprise.

Comes in: a row of the outbox. Goes out: nothing where it was taken over; else `Refused` (never), or
`Postponed` (later), or `Away` (the server itself). Headers are made by the standard library, which takes
no line end in any of them; addresses were checked when the row was made, and are again.
"""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from planbank.config import Settings
from planbank.messages.kinds import plain
from planbank.messages.models import Message
from planbank.messages.outbox import is_address

SECONDS = 20.0  # that one answer of a mail server may take


class Refused(Exception):
    """It will never be taken; the text says why, without an address."""


class Postponed(Exception):
    """This message was not taken now."""


class Away(Exception):
    """The server cannot be used now, for any message."""


def mail_of(row: Message, sender: str, now: datetime) -> EmailMessage:
    """The mail of a row. Raises Refused where its address is none."""
    if not is_address(row.to):
        raise Refused("not an e-mail address")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("planbank", addr_spec=sender)
    mail["To"] = Address(addr_spec=row.to)
    mail["Subject"] = plain(row.subject, 200)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = row.message_id
    if row.in_reply_to:
        mail["In-Reply-To"] = mail["References"] = row.in_reply_to
    # RFC 3834: nobody's holiday answers to it.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(row.text)
    if row.html:
        mail.add_alternative(row.html, subtype="html")
    return mail


class MailServer:
    """One connection to the mail server, opened when first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._smtp: smtplib.SMTP | None = None

    def carry(self, row: Message, now: datetime) -> None:
        """Hand one message over; returns once the server has said that it has it."""
        sender = self.settings.mail_sender
        mail = mail_of(row, sender, now)
        smtp = self._connected()
        try:
            smtp.send_message(mail, from_addr=sender, to_addrs=[row.to])
        except smtplib.SMTPRecipientsRefused as exc:
            code, _said = exc.recipients[row.to]
            self._raise(code, "the address is refused")
        except smtplib.SMTPSenderRefused as exc:
            # Our own address or account: a fault of the settings, of no message.
            self.close()
            raise Away(f"the mail server refuses our own address ({exc.smtp_code})") from None
        except smtplib.SMTPResponseException as exc:
            self.close()
            self._raise(exc.smtp_code, "the message is refused")
        except smtplib.SMTPNotSupportedError:
            raise Refused("the mail server cannot take this address") from None
        except (OSError, smtplib.SMTPException) as exc:
            self.close()
            raise Away(_said(exc)) from None

    def close(self) -> None:
        """End the connection, politely where it still stands."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (OSError, smtplib.SMTPException):
                smtp.close()

    def _raise(self, code: int, what: str) -> None:
        raise (Refused if 500 <= code < 600 else Postponed)(f"{what} ({code})") from None

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        try:
            self._smtp = self._connect()
        except (OSError, smtplib.SMTPException) as exc:
            raise Away(_said(exc)) from None
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        chosen = self.settings
        at = {"host": chosen.mail_host, "port": chosen.mail_port, "timeout": SECONDS}
        trusted = ssl.create_default_context(cafile=chosen.mail_ca)
        tls = chosen.mail_security == "tls"
        smtp = smtplib.SMTP_SSL(**at, context=trusted) if tls else smtplib.SMTP(**at)
        try:
            if chosen.mail_security == "starttls":
                smtp.starttls(context=trusted)
            if chosen.mail_user:
                file = chosen.mail_password_file
                smtp.login(chosen.mail_user, file.read_text().strip() if file else "")
        except BaseException:
            smtp.close()
            raise
        return smtp


def carry_text(settings: Settings, row: Message) -> None:
    """Hand one text message to the gateway. Raises Away where that cannot be done now."""
    try:
        from apprise import Apprise
    except ImportError:
        raise Away("text messages need the package apprise: pip install 'planbank[notify]'") from None
    number = row.to
    if not (number.startswith("+") and number[1:].isascii() and number[1:].isdigit()):
        raise Refused("not a telephone number")
    gateway = Apprise()
    if not gateway.add(settings.text_url.replace("{number}", number)):
        raise Away("PLANBANK_TEXT_URL is no address that apprise knows")
    if not gateway.notify(body=row.text, title=""):
        raise Postponed("the gateway did not take it")


def _said(exc: Exception) -> str:
    """A fault in words; what a server said is left out, it may quote the message."""
    if isinstance(exc, smtplib.SMTPAuthenticationError):
        return f"the mail server refuses our account ({exc.smtp_code})"
    if isinstance(exc, ssl.SSLCertVerificationError):
        return "the certificate of the mail server is not trusted"
    if isinstance(exc, smtplib.SMTPNotSupportedError):
        return "the mail server offers no encryption"
    if isinstance(exc, TimeoutError):
        return "the mail server does not answer"
    if isinstance(exc, smtplib.SMTPServerDisconnected | ConnectionError):
        return "the connection to the mail server fails"
    if isinstance(exc, OSError):
        return f"the mail server cannot be reached ({type(exc).__name__})"
    return f"the mail server fails ({type(exc).__name__})"
