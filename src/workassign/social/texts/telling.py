"""Which words make it another message when one of them changes?

Figures and negations do, and days, numbers in words and places. Of the words that say what
happened (lost, damaged; arrived, departed) a change within the same meaning does not, one to
another meaning does. English, with a little of other languages, and places that many people write
about: whoever has names of his own (products, stations) tells them to the finder.
"""

from __future__ import annotations

__all__ = ["EVERYDAY", "PLACES", "TELLING", "meaning"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATIONS = _words(
    """
    no not never none nothing nobody nowhere neither nor without cannot hardly barely cant wont dont
    doesnt didnt isnt arent wasnt werent hasnt havent hadnt shouldnt wouldnt couldnt mustnt neednt
    aint nope nah unless except nunca jamas sin nada nadie ni pas jamais sans rien kein keine keinen
    nicht nie ohne nao sem nem non senza mai niente niet geen
    """
)
"""Apostrophes aside."""

DATES = _words(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat
    january february march april june july august september october november december jan feb mar
    apr jun jul aug sep sept oct nov dec today tomorrow yesterday tonight morning afternoon evening
    noon midnight lunes martes miercoles jueves viernes sabado domingo hoy ayer lundi mardi mercredi
    jeudi vendredi samedi dimanche montag dienstag mittwoch donnerstag freitag samstag sonntag heute
    gestern morgen two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty
    ninety hundred thousand million billion dozen half twice second third fourth fifth sixth
    """
)

PLACES = _words(
    """
    london paris berlin madrid rome roma barcelona amsterdam brussels vienna zurich geneva munich
    frankfurt hamburg cologne stuttgart dublin edinburgh glasgow manchester birmingham liverpool
    leeds bristol cardiff belfast lisbon porto athens istanbul ankara moscow kiev kyiv warsaw krakow
    prague budapest bucharest sofia belgrade zagreb milan milano venice florence naples turin
    seville valencia malaga bilbao oslo stockholm copenhagen helsinki reykjavik gothenburg rotterdam
    antwerp lyon marseille toulouse bordeaux luxembourg york boston chicago denver dallas
    houston austin atlanta miami orlando tampa phoenix seattle portland angeles francisco diego jose
    antonio vegas philadelphia philly pittsburgh baltimore washington charlotte raleigh nashville
    memphis louisville cincinnati cleveland columbus detroit milwaukee minneapolis omaha tulsa
    tucson albuquerque sacramento oakland fresno honolulu maui anchorage boise buffalo rochester
    syracuse albany hartford providence newark jersey brooklyn manhattan queens laguardia kennedy
    dulles reagan logan ohare midway richmond norfolk savannah charleston jacksonville lauderdale
    myers huntsville orleans jackson knoxville lexington indianapolis wichita spokane reno
    burbank ontario anaheim toronto montreal vancouver calgary ottawa edmonton winnipeg halifax
    quebec mexico cancun guadalajara monterrey havana juan kingston nassau panama bogota medellin
    lima quito santiago buenos montevideo janeiro paulo brasilia caracas tokyo osaka kyoto seoul
    busan beijing shanghai guangzhou shenzhen hongkong taipei manila jakarta bali bangkok phuket
    hanoi saigon singapore kuala lumpur delhi mumbai bangalore chennai kolkata hyderabad karachi
    lahore dhaka colombo kathmandu dubai doha riyadh jeddah tehran baghdad beirut amman jerusalem
    cairo casablanca tunis algiers lagos accra nairobi johannesburg durban addis dakar sydney
    melbourne brisbane perth adelaide auckland wellington england scotland wales ireland france
    germany spain italy portugal greece turkey russia poland netherlands belgium switzerland austria
    sweden norway denmark finland iceland china japan korea india pakistan thailand vietnam
    philippines indonesia malaysia australia zealand canada brazil argentina chile peru colombia
    venezuela cuba jamaica bahamas egypt morocco nigeria kenya ghana israel iran iraq europe asia
    africa america california texas florida alaska hawaii arizona nevada oregon colorado utah
    montana idaho wyoming kansas nebraska iowa missouri illinois wisconsin michigan indiana ohio
    kentucky tennessee alabama georgia carolina virginia maryland delaware pennsylvania connecticut
    massachusetts vermont maine louisiana arkansas oklahoma minnesota dakota jfk lga ewr bos ord mdw
    lax sfo sjc oak san dfw dal iah hou aus atl mia fll mco tpa phx sea pdx las den phl dca iad bwi
    clt rdu bna dtw msp slc stl pit cle cvg mke msy hnl lhr lgw cdg ams fra muc mad bcn fco zrh vie
    cph arn osl dub yyz yul yvr hkg nrt icn sin syd mel
    """
)
"""Cities (of two words, the one that tells), countries, states, airports."""

TELLING = NEGATIONS | DATES | PLACES
"""Whoever puts, takes away or changes one of these says something else."""

_MEANINGS = """
    cancel cancels cancelled canceled cancelling canceling cancellation
    delay delays delayed delaying late
    lost lose losing missing misplaced
    found find finds located
    damage damaged damages broken broke break
    stolen stole theft
    early
    refund refunds refunded refunding reimbursed reimbursement
    charge charged charges overcharged billed
    rebook rebooked rebooking
    upgrade upgraded upgrades
    downgrade downgraded
    miss missed misses
    diverted rerouted
    overbooked oversold
    stuck stranded
    boarded boarding
    arrive arrived arrives arriving arrival landed landing
    depart departed departs departing departure
    inbound incoming
    outbound outgoing
    open opened opens
    closed close closes
    first
    last
    good great amazing awesome excellent fantastic wonderful brilliant
    bad terrible awful horrible worst poor dreadful
    best
    love loved loves
    hate hated hates
    happy pleased glad
    angry furious unhappy upset disappointed
    before
    after
    more
    less fewer
    more_or_all
    always
    up
    down
    on
    off
    in into inside
    out outside
    with
    to toward
    from
    left
    right
    he his him
    she her hers
    mother mom mum
    father dad
    wife
    husband
    son
    daughter
    brother
    sister
    bag bags luggage baggage suitcase
    seat seats
    meal food meals
    wifi internet
    phone call
    email mail
    app
    website site
    password
    order
    parcel package delivery
    hotel
    voucher credit
    ticket tickets
    card
    account
    slow
    fast quick quickly
    rude
    friendly kind nice
    dirty filthy
    clean
    cold
    hot
    black white red blue green yellow
"""


def _groups() -> dict[str, int]:
    """Return word -> the number of its meaning; of colours each is a meaning of its own."""
    lines = [line.split() for line in _MEANINGS.splitlines() if line.strip()]
    meanings = [*lines[:-1], *([word] for word in lines[-1])]
    return {word: number for number, words in enumerate(meanings) for word in words}


_GROUPS = _groups()


def meaning(word: str) -> int | None:
    """Return the number of what *word* means, where it is one of those that say what happened, or of what.

    Two of them with different numbers are two different stories.
    """
    return _GROUPS.get(word)


EVERYDAY = _words(
    """
    the and you for are was but not has had can all any our out get got how who why did now one too its
    ive ill dont cant wont didnt doesnt isnt wasnt havent youre theyre via per off own use see say let
    lol thx thnx pls plz omg wow yay hey hii yes yep nah her him his she they she may might yet ago
    new old big bad way day lot bit few try ask due put set got let met saw ran due hmm ugh wtf smh
    que los las por con una del mas der die das und ist mit auf ich wir sie les des est pas une sur
    that this these those there their them they then than with have having your yours youre from
    were been being will would could should what when where which while whom whose here just like
    very much many some more most such only also even over into about after again because before
    between both does doing done down each else ever every going gonna good great hello help hers
    know least left less make made maybe mine need nice okay once ones other ours people please
    really right said same says seem shes since still sure take tell thank thanks thankyou thats
    thing things think thru time today told took true until upon used using want wants week well
    went whats wont work worst best year yeah years yes youll youve hows love loved hate awesome
    amazing para pero como esta este estos gracias hola porque cuando donde usted ustedes favor todo
    avec pour dans vous nous merci bonjour mais pourquoi quand cette sont aber auch bitte danke dass
    eine einen einer habe haben hallo mein meine nach noch oder sich sind warum wenn voce obrigado
    obrigada quando onde isso
    """
)
"""Words of three letters and more that say little about what a message is about."""
