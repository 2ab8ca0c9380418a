"""All tables of the house in one metadata: importing the stores registers them."""

import jieying.access.store
import jieying.dispatch.store
import jieying.diversion.antifraud.store
import jieying.diversion.hotline.store
import jieying.incidents.tables
import jieying.intake.store
import jieying.journal.store
import jieying.knowledge.store
import jieying.speeds.store
import jieying.supervise.store
import jieying.units.store
import jieying.vault.store  # noqa: F401
from jieying.kit.db import metadata

__all__ = ["metadata"]
