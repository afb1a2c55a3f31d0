"""Draw passphrases: words chosen by the operating system's random source, eight bits each."""

from __future__ import annotations

import secrets

COUNT = 10  # 80 bits; with Argon2id before every guess, out of reach

# 256 short words, no one the beginning of another, each told from all others by its first four letters.
_LIST = """
    acid acorn actor album alley amber angle ankle apple apron arch armor arrow atlas attic autumn bacon badge bagel bamboo
    banjo barn basil beach beetle belt berry bison blanket blossom bolt border bottle branch bread brick broom bubble bucket
    butter cabin cactus camel candle canoe carpet castle cedar cello chalk cheese chimney cider circus clay cloud clover coast
    cobra coffee comet copper coral cotton cousin crab crystal curtain dagger daisy dancer desert diary dinner dolphin donkey
    dragon drum duck dust eagle earth echo elbow elephant engine envelope evening fabric falcon farmer feather fence ferry
    fiddle finger flame flute forest fossil fountain frog funnel galaxy garden garlic gate ghost giant ginger glacier goat
    grape guitar hammer harbor hazel helmet hermit honey hotel hunter iceberg igloo insect iron island ivory jacket jaguar jar
    jelly jewel jungle kernel kettle kitten koala ladder lagoon lantern lemon leopard lily lizard lobster magnet mango maple
    marble meadow melon mirror monkey mosaic mountain mushroom napkin needle nest nickel noodle nutmeg oasis ocean octopus
    olive onion orange orchid otter owl oyster paddle panda parrot pearl pebble pencil pepper piano pigeon pillow pirate planet
    plum pocket pony potato prairie pumpkin puzzle quartz quilt rabbit radio raven rhino ribbon river robin rocket rubber saddle
    salmon sandal sapphire scarf shell shovel silver sister sketch sled snow spider sponge squirrel star stone sugar summer
    swan table tailor tango teapot temple thunder tiger timber tomato tractor trumpet tulip tunnel turtle umbrella valley
    vanilla velvet village violin volcano waffle walnut wasp weaver whale willow window winter wizard yard yellow zebra
"""
WORDS = tuple(_LIST.split())


def fresh_passphrase() -> str:
    """Return ten words from the operating system's random source."""
    return " ".join(secrets.choice(WORDS) for _ in range(COUNT))
