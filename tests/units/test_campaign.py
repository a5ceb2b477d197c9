"""The campaign's declaration: which one holds."""

from __future__ import annotations

from dataclasses import replace

from engine import campaign, settings
from tests.book_loan import bundles


def test_the_campaign_is_the_one_in_the_folder_that_the_settings_in_use_name() -> None:
    declared = campaign.current()
    with settings.using(replace(settings.current(), processes_dir=bundles.HERE / "processes")):
        assert campaign.current().roles == bundles.library().roles != declared.roles
    assert campaign.current() is declared
