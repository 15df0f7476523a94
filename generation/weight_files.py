"""Where the parts of the models that are not shipped lie in public, and what is known of their files. No torch.

A digest stands here only where public records name it: the hub's own listing, quoted by at least one other project.
Where none was found it is left empty, and the first download records what came (`generation.downloads`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HUB: Final = "https://huggingface.co"
FREE_LICENCES: Final = frozenset({"Apache-2.0", "MIT"})


@dataclass(frozen=True, kw_only=True)
class WeightFile:
    """One file. path: in the model's folder. remote: below its part's address.

    sha256 (hex), size in bytes: empty and 0 where no public record was found. A pickle (.pth) is only a step: it
    becomes `converted`, and is deleted then.
    """

    path: str
    remote: str
    sha256: str = ""
    size: int = 0
    converted: str = ""

    @property
    def needed(self) -> str:
        """The path that loading looks for."""
        return self.converted or self.path


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One part of a model. base: what its files' `remote` is appended to; empty where nobody published it.

    source: the same for people. optional: the model draws without it; `part` says what is missing then.
    """

    part: str
    source: str
    licence: str
    base: str = ""
    files: tuple[WeightFile, ...] = ()
    optional: bool = False

    def url(self, file: WeightFile) -> str:
        """Where the file is fetched from."""
        return f"{self.base}/{file.remote}"

    @property
    def needs_agreement(self) -> bool:
        """Its licence restricts use, so a person agrees before it is fetched."""
        return bool(self.base) and self.licence not in FREE_LICENCES


def hub(repository: str, revision: str = "main") -> str:
    """The address of a repository's files on the Hugging Face hub."""
    return f"{HUB}/{repository}/resolve/{revision}"


def _plain(folder: str, *names: str) -> tuple[WeightFile, ...]:
    return tuple(WeightFile(path=f"{folder}/{name}", remote=f"{folder}/{name}") for name in names)


def _renamed(folder: str, *names: str) -> tuple[WeightFile, ...]:
    """Files at the top of their repository."""
    return tuple(WeightFile(path=f"{folder}/{name}", remote=name) for name in names)


_TOKENIZER: Final = ("merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json")
_SDXL: Final = hub("stabilityai/stable-diffusion-xl-base-1.0", "462165984030d82259a11f4367a4eed129e94a7b")
_SD15: Final = hub("stable-diffusion-v1-5/stable-diffusion-v1-5")

CLIP: Final = Weights(
    part="text match (CLIP)",
    source="huggingface: openai/clip-vit-large-patch14",
    licence="MIT",
    base=hub("openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41"),
    files=(
        *_renamed("clip", "config.json", *_TOKENIZER),
        WeightFile(
            path="clip/model.safetensors",
            remote="model.safetensors",
            sha256="a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb",
            size=1_710_540_580,
        ),
    ),
    optional=True,
)
DINO: Final = Weights(
    part="image encoder and similarity (DINOv2)",
    source="huggingface: facebook/dinov2-with-registers-large",
    licence="Apache-2.0",
    base=hub("facebook/dinov2-with-registers-large", "e4c89a4e05589de9b3e188688a303d0f3c04d0f3"),
    files=_renamed("dinov2", "config.json", "model.safetensors"),
)
SIGLIP: Final = Weights(
    part="image encoder (SigLIP)",
    source="huggingface: google/siglip-so400m-patch14-384",
    licence="Apache-2.0",
    base=hub("google/siglip-so400m-patch14-384", "9fdffc58afc957d1a03a25b10dba0329ab15c2a3"),
    files=(
        WeightFile(
            path="siglip/config.json",
            remote="config.json",
            sha256="adc04928d8fd19a61822584fe0cf2e813e5ebac17f3e49fb1ea096860ae6457b",
            size=576,
        ),
        WeightFile(
            path="siglip/model.safetensors",
            remote="model.safetensors",
            sha256="ea2abad2b7f8a9c1aa5e49a244d5d57ffa71c56f720c94bc5d240ef4d6e1d94a",
            size=3_511_950_624,
        ),
    ),
)
SDXL_UNET: Final = Weights(
    part="UNet of SDXL",
    source="huggingface: stabilityai/stable-diffusion-xl-base-1.0",
    licence="CreativeML Open RAIL++-M",
    base=_SDXL,
    files=(
        WeightFile(
            path="realcustom/1-unet.safetensors",
            remote="unet/diffusion_pytorch_model.safetensors",
            sha256="357650fbfb3c7b4d94c1f5fd7664da819ad1ff5a839430484b4ec422d03f710a",
            size=10_270_077_736,
        ),
    ),
)
SDXL_PARTS: Final = Weights(
    part="autoencoder and text encoders of SDXL",
    source="huggingface: stabilityai/stable-diffusion-xl-base-1.0",
    licence="CreativeML Open RAIL++-M",
    base=_SDXL,
    files=(
        *_plain("vae", "config.json"),
        WeightFile(
            path="vae/diffusion_pytorch_model.safetensors",
            remote="vae/diffusion_pytorch_model.safetensors",
            sha256="1598f3d24932bcfe6634e8b618ea1e30ab1d57f5aad13a6d2de446d2199f2341",
        ),
        *_plain("text_encoder", "config.json"),
        WeightFile(
            path="text_encoder/model.safetensors",
            remote="text_encoder/model.safetensors",
            sha256="5c3d6454dd2d23414b56aa1b5858a72487a656937847b6fea8d0606d7a42cdbc",
            size=492_265_168,
        ),
        *_plain("text_encoder_2", "config.json"),
        WeightFile(
            path="text_encoder_2/model.safetensors",
            remote="text_encoder_2/model.safetensors",
            sha256="3a6032f63d37ae02bbc74ccd6a27440578cd71701f96532229d0154f55a8d3ff",
            size=2_778_702_264,
        ),
        *_plain("tokenizer", *_TOKENIZER),
        *_plain("tokenizer_2", *_TOKENIZER),
    ),
)
REALCUSTOM: Final = Weights(
    part="visual branch and projector (RealCustom)",
    source="huggingface: bytedance-research/RealCustom, ckpts/realcustom/RealCustom_highres.pth",
    licence="Apache-2.0",
    base=hub("bytedance-research/RealCustom"),
    files=(
        WeightFile(
            path="realcustom/RealCustom_highres.pth",
            remote="ckpts/realcustom/RealCustom_highres.pth",
            converted="realcustom/2-realcustom.safetensors",
        ),
    ),
)
REALCUSTOM_CONFIG: Final = Weights(
    part="configuration (RealCustom)",
    source="github: bytedance/RealCustom, configs/realcustom_sigdino_highres.json",
    licence="Apache-2.0",
    base="https://raw.githubusercontent.com/bytedance/RealCustom/main",
    files=(WeightFile(path="realcustom/unet_config.json", remote="configs/realcustom_sigdino_highres.json"),),
)
SD15_BASE: Final = Weights(
    part="UNet, autoencoder and text encoder of Stable Diffusion 1.5",
    source="huggingface: stable-diffusion-v1-5/stable-diffusion-v1-5",
    licence="CreativeML Open RAIL-M",
    base=_SD15,
    files=(
        *_plain("unet", "config.json"),
        WeightFile(
            path="unet/diffusion_pytorch_model.safetensors",
            remote="unet/diffusion_pytorch_model.safetensors",
            sha256="19da7aaa4b880e59d56843f1fcb4dd9b599c28a1d9d9af7c1143057c8ffae9f1",
            size=3_438_167_540,
        ),
        *_plain("vae", "config.json"),
        WeightFile(
            path="vae/diffusion_pytorch_model.safetensors",
            remote="vae/diffusion_pytorch_model.safetensors",
            sha256="a2b5134f4dbc140d9c11f11cba3233099e00af40f262f136c691fb7d38d2194c",
            size=334_643_276,
        ),
        *_plain("text_encoder", "config.json"),
        WeightFile(
            path="text_encoder/model.safetensors",
            remote="text_encoder/model.safetensors",
            sha256="d008943c017f0092921106440254dbbe00b6a285f7883ec8ba160c3faad88334",
            size=492_265_874,
        ),
        *_plain("tokenizer", *_TOKENIZER),
        *_plain("scheduler", "scheduler_config.json"),
    ),
)
