"""What an installation may set, by variables `JIEYING_…`; the defaults run on one machine as they are."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once at the start and handed down; relative paths count from the working folder."""

    model_config = SettingsConfigDict(env_prefix="JIEYING_", frozen=True)

    database_url: str = Field("", description="postgresql+asyncpg://…; empty: the server that comes with us")
    data_dir: Path = Field(Path("var/data"), description="Folder of the database, the media and the logs")
    pack: Path = Field(Path("var/packs/yunzhou"), description="Folder of the city pack")
    host: str = Field("127.0.0.1", description="Address the web server listens on")
    port: int = Field(8110, ge=0, le=65535, description="Port the web server listens on; 0: any free one")
    workers: int = Field(1, ge=1, description="Web server processes")
    clock: str = Field("", description="Empty: the wall clock; else START@REAL_STARTxSPEED, see kit/clock.py")
    language: Literal["zh", "en"] = Field("zh", description="Language where the reader has not chosen one")
    shared_data: Path = Field(Path("../shared/data"), description="Folder of real data for tests and recipes")
    session_hours: float = Field(12, gt=0, description="Hours after which an account must sign in again")
    media_max_bytes: int = Field(25 * 1024**2, gt=0, description="Largest picture, sound or film, in bytes")
    hotline_url: str = Field("", description="GeoReport v2 address of the hotline 12345, without /requests.json")
    hotline_key: str = Field("", repr=False, description="API key that the hotline gave us")
    vault_key_file: str = Field("", description="File of the vault's keys; empty: secrets/vault.key in data_dir")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")

    @property
    def key_file(self) -> Path:
        return Path(self.vault_key_file) if self.vault_key_file else self.data_dir / "secrets" / "vault.key"
