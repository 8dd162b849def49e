"""256 short English words, one for each byte, that are not mistaken for one another when they are read out."""

from __future__ import annotations

WORDS: tuple[str, ...] = tuple(
    """
    acid actor adult agent album alley amber angle antler apple april arrow artist atlas attic autumn
    bacon badge baker banjo barn basket beach bean belt bike birch bishop blanket bonus border bottle
    brick bridge brush bucket bubble button cabin cactus camel candle canoe carbon castle cellar cement cherry
    chess circus clay clock cloud cobra coffee comet copper coral cotton cousin cradle crystal curtain cycle
    daisy dance decade delta denim desert diary dinner doctor dolphin dozen dragon drum duck dust eagle
    easel echo eight elbow elder empire engine envoy equal error essay exit fabric falcon family farmer
    feather fence ferry fiddle finger flame flute folder forest fossil fox frost fruit funnel galaxy garlic
    gate gecko ghost giant gift glove goat gospel grape guitar hammer harbour hatch hazel helmet herb
    hippo hockey honey hotel hunter igloo index ink iris island ivory jacket jaguar jelly jewel jungle
    jury kayak kettle kidney kiosk kitten knee koala label ladder lagoon laptop lawn lemon lens liberty
    lilac lion lizard lobster lotus lumber lunch magnet mango maple marble meadow melon mercury milk mirror
    mobile monkey mosaic motor museum napkin nectar needle nephew ninja noodle north novel nurse oasis oboe
    ocean olive onion opera orbit orchid otter owner oxygen oyster pagoda palace panda paper parrot pebble
    pepper piano pigeon pillow pirate planet plum pocket poem polar prince pumpkin puzzle quartz quiver rabbit
    radar raven ribbon river robot rodeo rubber saddle salmon sandal scarf school shadow silver sketch
    soup spider statue sugar summer table temple tiger
    tomato tunnel turtle valley violin walnut winter yellow zebra
    """.split()  # noqa: SIM905 - 256 literals would be a page of quotes
)
