"""The two recipes that come with the package."""

from dataclasses import replace

from mmavssl.datasets.avsprites.kinds import ActorKind, SoundKind
from mmavssl.datasets.avsprites.recipe import Recipe
from mmavssl.utils.errors import ConfigError

DEFAULT = Recipe(
    name='default',
    actors=(
        ActorKind('ball', shape='ball', hue=0.0, motion='jump'),
        ActorKind('box', shape='box', hue=0.61, motion='pulse'),
        ActorKind('wedge', shape='wedge', hue=0.35, motion='shake'),
        ActorKind('star', shape='star', hue=0.14, motion='spin'),
    ),
    sounds=(
        SoundKind('bell', timbre='bell', pitch=800),
        SoundKind('hiss', timbre='hiss', pitch=2500),
        SoundKind('chirp', timbre='chirp', pitch=350),
        SoundKind('buzz', timbre='buzz', pitch=110),
    ),
)

# Nothing in common with DEFAULT but the structure. Choices made on DEFAULT are checked on it.
HELD_OUT = Recipe(
    name='held_out',
    actors=(
        ActorKind('cross', shape='cross', hue=0.86, motion='stretch'),
        ActorKind('ring', shape='ring', hue=0.5, motion='orbit'),
        ActorKind('moon', shape='moon', hue=0.07, motion='sway'),
        ActorKind('gem', shape='gem', hue=0.74, motion='duck'),
    ),
    sounds=(
        SoundKind('pluck', timbre='pluck', pitch=240),
        SoundKind('whistle', timbre='whistle', pitch=550),
        SoundKind('rattle', timbre='rattle', pitch=40),
        SoundKind('reed', timbre='reed', pitch=480),
    ),
)

RECIPES = {recipe.name: recipe for recipe in (DEFAULT, HELD_OUT)}


def get_recipe(name: str, num_kinds: int | None = None) -> Recipe:
    """Return a shipped recipe, or one of its first ``num_kinds`` kinds of actors and sounds.

    Args:
        name: key of `RECIPES`.
        num_kinds: from 2 to the recipe's own number; all of them if None.

    Raises:
        ConfigError: unknown name, or a number of kinds that the recipe does not have.
    """
    if name not in RECIPES:
        raise ConfigError(f'Expected `recipe` to be one of {sorted(RECIPES)}, but got {name!r}.')
    recipe = RECIPES[name]
    if num_kinds is None:
        return recipe
    if not 2 <= num_kinds <= recipe.num_kinds:
        raise ConfigError(
            f'Expected `num_kinds` to be from 2 to {recipe.num_kinds} for recipe {name!r}, '
            f'but got {num_kinds!r}.'
        )
    return replace(recipe, actors=recipe.actors[:num_kinds], sounds=recipe.sounds[:num_kinds])
