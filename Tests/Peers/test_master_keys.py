"""Master keys that are kept elsewhere: AWS KMS by moto behind a double that goes away, refuses and lies; Alibaba Cloud KMS by a double."""

import base64
import json
import shutil
import subprocess

import botocore.session
import httpx
import pytest

from harness.clouds import KMSDouble, Moto, Recording
from harness.hub import binary, environment
from harness.service import Service
from harness.wire import call
from test_secrets import run, scan

CANARY = "canary-2b7e151628aed2a6-"
SECRET = "swordfish/secret+key"


class Keys(Service):
    """AWS KMS as the hub reaches it: moto, but for what a test has it answer; keeps every plain key that went by."""

    def __init__(self):
        self.moto = Moto(open_requests=6)  # those of this method
        session = botocore.session.get_session()
        options = {"region_name": "eu-central-1", "endpoint_url": self.moto.url, "aws_access_key_id": "a", "aws_secret_access_key": "b"}
        iam, kms = (session.create_client(name, **options) for name in ("iam", "kms"))
        iam.create_user(UserName="hub")
        allow = [{"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": "*"}]
        iam.put_user_policy(UserName="hub", PolicyName="keys", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allow}))
        self.account = iam.create_access_key(UserName="hub")["AccessKey"]
        self.ids = [kms.create_key(Description=name)["KeyMetadata"]["Arn"] for name in ("old", "new")]
        kms.create_alias(AliasName="alias/hub", TargetKeyId=self.ids[0])
        self.disabled: set[str] = set()
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[tuple[str, dict]] = []
        self.plain: set[str] = set()
        super().__init__(self.forward)

    def forward(self, request):
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        operation = request.headers["x-amz-target"].removeprefix("TrentService.")
        asked = json.loads(body)
        self.asked.append((operation, asked))
        if operation in self.answers:
            status, answer = self.answers[operation]
            return status, {"content-type": "application/x-amz-json-1.1"}, answer
        if asked["KeyId"] in self.disabled:
            return 400, {}, json.dumps({"__type": "DisabledException", "message": "swordfish"}).encode()
        response = httpx.post(self.moto.url + request.path, headers=list(request.headers.items()), content=body)
        if response.status_code == 200:
            self.plain.add(response.json()["Plaintext"])
        return response.status_code, {"content-type": "application/x-amz-json-1.1"}, response.content

    def count(self, operation: str) -> int:
        return sum(asked[0] == operation for asked in self.asked)

    def spellings(self) -> list[str]:
        """Each plain key as it went by, and as encodings would hide it."""
        raw = [base64.b64decode(key) for key in self.plain]
        url = [base64.urlsafe_b64encode(key).decode().rstrip("=") for key in raw]
        return [key.rstrip("=") for key in self.plain] + url + [key.hex() for key in raw] + [key.hex().upper() for key in raw]

    def stop(self):
        super().stop()
        self.moto.stop()


@pytest.fixture
def keys():
    service = Keys()
    yield service
    service.stop()


@pytest.fixture
def upstream():
    """Keeps the credentials it is shown."""
    service = Recording()
    yield service
    service.stop()


class Folder:
    """A hub's folder whose master key is at AWS KMS; commands on it, of which everything that is said is kept."""

    def __init__(self, folder, keys: Keys, upstream):
        (folder / "aws").write_text(keys.account["SecretAccessKey"] + "\n")
        self.path, self.data, self.file = folder, folder / "data", folder / "hub.yaml"
        credential = {"id": keys.account["AccessKeyId"], "secret": "file:aws"}
        self.written = {
            "masterKey": "aws-kms:alias/hub",
            "secrets": {"aws": {"region": "eu-central-1", "kmsEndpoint": keys.url, "credential": credential}},
            "upstreams": {"api": {"addresses": [upstream.url], "credential": {"bearer": "store:token"}}},
            "servers": {"s": {"upstream": "api", "http": [{"name": "ping", "request": "GET /ping", "description": "Pings"}]}},
        }
        self.said = ""
        self.write()

    def write(self, **changes):
        self.written = {name: value for name, value in {**self.written, **changes}.items() if value is not None}
        self.file.write_text(json.dumps(self.written))

    def run(self, *command, status=0, value=None):
        result = run(*command, "--config", self.file, "--data", self.data, value=value, cwd=self.path)
        self.said += result.stdout + result.stderr
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout + result.stderr

    def serve_fails(self) -> str:
        return self.run("serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", status=1)

    def wrapped(self):
        return sorted(path for path in self.data.iterdir() if path.name.startswith("master.kms.")) if self.data.exists() else []


@pytest.fixture
def folder(tmp_path, keys, upstream):
    return Folder(tmp_path, keys, upstream)


def shown(hub, upstream) -> str:
    """What the upstream is shown with a call."""
    call(hub.mcp("s"), "ping")
    return upstream.seen[-1]["authorization"]


def test_the_plain_key_is_in_memory_alone(start_hub, folder, keys, upstream):
    folder.run("secrets", "set", "token", value=CANARY)
    [wrapped] = folder.wrapped()
    assert wrapped.stat().st_mode & 0o777 == 0o600 and not (folder.data / "master.key").exists()
    before = wrapped.read_bytes()
    hub = start_hub(folder.written, more=["--log-level", "trace"])
    assert shown(hub, upstream) == f"Bearer {CANARY}"
    with httpx.Client(headers={"authorization": f"Bearer {hub.token}"}) as admin:
        answers = [admin.get(hub.admin + path).text for path in ("/metrics", "/readyz")] + [admin.post(hub.admin + "/api/v1/reload").text]
    assert json.loads(answers[-1])["findings"] == []
    hub.stop()
    opened = keys.count("Decrypt")
    again = start_hub(folder.written, more=["--log-level", "trace"])
    assert shown(again, upstream) == f"Bearer {CANARY}" and wrapped.read_bytes() == before
    assert keys.count("Decrypt") == opened + 1, "a start asks once"
    again.stop()
    assert folder.run("check") and keys.count("GenerateDataKey") == 1
    assert {asked["EncryptionContext"] == {"hubd": "master-key"} for _, asked in keys.asked} == {True}
    assert {asked["KeyId"] for _, asked in keys.asked} == {"alias/hub"}
    everything = "".join([folder.said, hub.output.text, hub.errors.text, again.output.text, again.errors.text, *answers])
    assert " debug hubd: " in hub.errors.text, "nothing was logged, so that nothing was looked at"
    assert len(keys.plain) == 1
    assert [text for text in keys.spellings() + [CANARY, keys.account["SecretAccessKey"]] if text in everything] == []
    raw = [base64.b64decode(key) for key in keys.plain]
    assert scan(folder.data, CANARY, *keys.spellings()) == []
    assert [path.name for path in folder.data.rglob("*") if path.is_file() and any(key in path.read_bytes() for key in raw)] == []


def test_it_is_rotated_to_another_key_and_back_and_from_and_to_the_hubs_own(start_hub, folder, keys, upstream):
    def works():
        hub = start_hub(folder.written)
        assert shown(hub, upstream) == f"Bearer {CANARY}"
        hub.stop()

    folder.run("secrets", "set", "token", value=CANARY)
    folder.write(masterKey=f"aws-kms:{keys.ids[1]}")
    said = folder.run("check", status=1)
    assert "hubd secrets rotate --from" in said
    assert "hubd secrets rotate --from" in folder.serve_fails()
    assert "secrets sealed anew: 1" in folder.run("secrets", "rotate", "--from", "aws-kms:alias/hub")
    works()
    folder.write(masterKey="aws-kms:alias/hub")
    assert "secrets sealed anew: 1" in folder.run("secrets", "rotate", "--from", f"aws-kms:{keys.ids[1]}")
    works()
    # One for each key, and one that the check tried.
    assert keys.count("GenerateDataKey") == 3 and len(folder.wrapped()) == 2
    # To the key that the hub makes itself: nothing of the configuration but --from names KMS.
    folder.write(masterKey=None)
    assert "secrets sealed anew: 1" in folder.run("secrets", "rotate", "--from", "aws-kms:alias/hub")
    asked = len(keys.asked)
    works()
    assert len(keys.asked) == asked
    folder.write(masterKey="aws-kms:alias/hub")
    assert "secrets sealed anew: 1" in folder.run("secrets", "rotate")
    works()


def test_a_key_that_cannot_be_had_says_what_to_do(folder, keys):
    folder.run("secrets", "set", "token", value=CANARY)
    [wrapped] = folder.wrapped()
    whole = wrapped.read_bytes()

    def fails(*words):
        for said in (folder.serve_fails(), folder.run("check", status=1), folder.run("secrets", "set", "other", value="x", status=1)):
            assert all(word in said for word in ("error: ", *words)), said
            assert "Fatal" not in said and "swordfish" not in said and str(wrapped) in said

    keys.disabled.add("alias/hub")
    fails("the key alias/hub of AWS KMS is disabled")
    keys.disabled.clear()
    for answer in [(200, b"swordfish"), (200, b"{}"), (200, b'{"Plaintext":"c3dvcmRmaXNo"}'), (200, b"[" * 100_000), (200, b"x" * (2 << 20))]:
        keys.answers["Decrypt"] = answer
        fails("AWS KMS", "start again when it is there")
    keys.answers["Decrypt"] = (400, b'{"__type":"IncorrectKeyException","message":"swordfish"}')
    fails("another key of AWS KMS")
    keys.answers.clear()
    (folder.path / "aws").write_text("wrong\n")
    fails("does not let the hub use the key alias/hub", "kms:Decrypt")
    (folder.path / "aws").write_text(keys.account["SecretAccessKey"])
    wrapped.write_bytes(whole[: len(whole) // 8 * 4] + b"\n")  # whole Base64, half a blob
    fails("AWS KMS does not open it")
    for text in (whole[:-3], b"", b"\xff\xfe", b"A" * 20_000):
        wrapped.write_bytes(text)
        for said in (folder.serve_fails(), folder.run("check", status=1)):
            assert str(wrapped) in said
    wrapped.write_bytes(whole)
    assert "ok, 1 servers" in folder.run("check")
    keys.stop()
    fails("cannot be asked", "start again when it is there")
    assert folder.run("check", "--offline")


def test_many_commands_at_once_make_one_key(folder, keys):
    """Each finds none, and all of them end with the same."""
    command = [binary(), "secrets", "set", "--config", folder.file, "--data", folder.data]
    running = [
        subprocess.Popen([*command, f"s{number}"], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for number in range(8)
    ]
    for process in running:
        process.stdin.write(CANARY.encode())
        process.stdin.close()
    for process in running:
        assert process.wait(60) == 0, process.stderr.read()
    listed = json.loads(folder.run("secrets", "list", "--json"))["secrets"]
    assert len(listed) == 8 and len({entry["masterKey"] for entry in listed}) == 1
    assert keys.count("GenerateDataKey") > 1, "they came one after another, so that nothing was shown"
    [wrapped] = folder.wrapped()
    assert {path.name for path in folder.data.iterdir()} <= {wrapped.name, "hub.sqlite", "hub.sqlite-wal", "hub.sqlite-shm"}


def test_one_wrapped_under_another_key_is_not_taken(folder, keys):
    """Whoever can write to the data folder must not choose the key: it could be one of its own account."""
    folder.write(masterKey=f"aws-kms:{keys.ids[1]}")
    folder.run("secrets", "set", "token", value=CANARY)
    [new] = folder.wrapped()
    folder.write(masterKey=f"aws-kms:{keys.ids[0]}")
    folder.run("secrets", "rotate", "--from", f"aws-kms:{keys.ids[1]}")
    old = next(path for path in folder.wrapped() if path != new)
    shutil.copy(new, old)
    assert str(old) in folder.serve_fails()


def test_a_check_makes_nothing_and_a_key_that_cannot_be_made_leaves_nothing(folder, keys):
    folder.write(upstreams={}, servers={})
    folder.run("check", "--offline")
    assert keys.asked == []
    folder.run("check")
    assert not folder.data.exists() and keys.count("GenerateDataKey") == 1
    # What could not be opened at the next start is not begun with.
    keys.answers["Decrypt"] = (400, b'{"__type":"AccessDeniedException"}')
    assert "kms:Decrypt" in folder.serve_fails() and folder.wrapped() == []
    assert "kms:Decrypt" in folder.run("check", status=1)
    keys.answers.clear()
    keys.answers["GenerateDataKey"] = (400, b'{"__type":"NotFoundException"}')
    assert "no key alias/hub in eu-central-1" in folder.serve_fails() and folder.wrapped() == []


def test_alibaba_cloud_kms_keeps_a_master_key_as_text(start_hub, tmp_path, upstream):
    kms = KMSDouble(SECRET, {"key": CANARY + "0123456789", "short": "swordfish"})
    (tmp_path / "alibaba").write_text(SECRET)
    data, file = tmp_path / "data", tmp_path / "hub.yaml"
    written = {
        "masterKey": "alibaba-kms:hub/support-bot#key",
        "secrets": {"alibaba": {"region": "cn-hangzhou", "endpoint": kms.url, "credential": {"id": "LTAI", "secret": "file:alibaba"}}},
        "upstreams": {"api": {"addresses": [upstream.url], "credential": {"bearer": "store:token"}}},
        "servers": {"s": {"upstream": "api", "http": [{"name": "ping", "request": "GET /ping", "description": "Pings"}]}},
    }

    def command(*arguments, status=0, value=None, **changes) -> str:
        file.write_text(json.dumps({**written, **changes}))
        result = run(*arguments, "--config", file, "--data", data, value=value)
        said = result.stdout + result.stderr
        assert result.returncode == status and CANARY not in said and "swordfish" not in said, said
        return said

    def fails(*words, **changes):
        for arguments in (["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], ["check"], ["secrets", "set", "x"]):
            said = command(*arguments, status=1, value="x", **changes)
            assert "error: " in said and all(word in said for word in words), said

    command("secrets", "set", "token", value="the token")
    for _ in range(2):
        hub = start_hub(written)
        assert shown(hub, upstream) == "Bearer the token"
        hub.stop()
        assert CANARY not in hub.output.text + hub.errors.text
    assert scan(data, CANARY) == [] and not (data / "master.key").exists()
    fails("shorter than 32 characters", masterKey="alibaba-kms:hub/support-bot#short")
    fails("has no field none", masterKey="alibaba-kms:hub/support-bot#none")
    fails("has no secret none", masterKey="alibaba-kms:none#key")
    # The admin token is no more tried again by itself than the master key.
    for arguments in (["serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"], ["check"]):
        said = command(*arguments, status=1, admin={"token": "alibaba-kms:none#key"})
        assert "error: alibaba-kms:none#key cannot be read" in said
    (tmp_path / "new.key").write_text("n" * 32)
    command("secrets", "rotate", "--from", "alibaba-kms:hub/support-bot#key", masterKey="file:new.key")
    command("secrets", "rotate", "--from", f"file:{tmp_path}/new.key")
    (tmp_path / "alibaba").write_text("wrong")
    fails("does not let the hub read hub/support-bot")
    kms.stop()
    fails("cannot be asked", "start again when it is there")
