"""How the user data's app part is read."""

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.web.instance import Unit, app_part, read_environment_file, read_unit


def test_only_what_stands_between_the_markers_is_run() -> None:
    assert app_part("#!/bin/bash\ndnf install x\n# --- app: begin\necho app\n# --- app: end\nuseradd y") == "echo app\n"


@pytest.mark.parametrize("script", ["", "# --- app: begin\necho", "echo\n# --- app: end"])
def test_a_script_without_both_markers_is_refused(script: str) -> None:
    with pytest.raises(LocalCloudError, match="user data lacks the lines"):
        app_part(script)


def test_the_unit_says_how_to_start_the_app() -> None:
    text = (
        "[Unit]\nAfter=a\nAfter=b\n\n[Service]\nUser=web\nWorkingDirectory=/opt/web\nEnvironmentFile=/etc/web.env\n"
        "ExecStart=/usr/bin/python3.14 -m web_src --say '100% true'\n"
    )
    assert read_unit(text) == Unit(
        command=["/usr/bin/python3.14", "-m", "web_src", "--say", "100% true"],
        folder="/opt/web",
        environment_file="/etc/web.env",
    )


def test_an_environment_file_is_read_as_systemd_does() -> None:
    text = "# note\nA=1\n\nURL=https://x?a=b\nEMPTY=\n"
    assert read_environment_file(text) == {"A": "1", "URL": "https://x?a=b", "EMPTY": ""}
