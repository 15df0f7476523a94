"""The shapes of the studio model: a stock diffusers UNet, a two-layer CLIP text encoder, the noise schedule."""

from dataclasses import dataclass

from diffusers import DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from generation.studio.tokenizer import MAX_LENGTH


@dataclass(frozen=True)
class Widths:
    """Channels of the UNet's three resolutions (16, 8, 4), of the text, and of the latent."""

    unet: tuple[int, int, int] = (64, 128, 192)
    text: int = 128
    latent: int = 16


def build_unet(widths: Widths) -> UNet2DConditionModel:
    """Cross-attention at 8 x 8 and 4 x 4, and on the way up at 16 x 16, where emblems and stripes are decided.

    On the way down at 16 x 16 it would nearly double the cost of a step; with two heads on the way up it adds a third.
    """
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=widths.latent,
        out_channels=widths.latent,
        block_out_channels=widths.unet,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DCrossAttn",
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        attention_head_dim=(2, 4, 4),
        cross_attention_dim=widths.text,
        norm_num_groups=16,
    )


def build_text_encoder(widths: Widths, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Trained jointly with the UNet; the last hidden state conditions it."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=widths.text,
            intermediate_size=4 * widths.text,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=MAX_LENGTH,
            projection_dim=widths.text,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def build_scheduler() -> DDIMScheduler:
    """v-prediction over a zero-terminal-SNR schedule with trailing timesteps (Lin et al. 2023, arXiv:2305.08891)."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
    )
