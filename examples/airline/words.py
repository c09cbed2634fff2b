"""Which words fill the gaps of the texts, and how are they typed?

`WORDS` is written like `texts.TEXTS`. Links and mail go to `.example`, which nobody has;
airports, cities and first names are common ones. `{code}` and `{airline}` depend on the desk.
"""

from collections.abc import Mapping

__all__ = ["AIRLINE_NAMES", "CODES", "HANDLES", "MANNERS", "OPENERS", "STEADY", "WORDS"]

WORDS = """
# flight
{code}{three} | {code} {three} | flight {three} | flight {three}{zero} | {code}{three}{zero}
flt {three} | flight #{three} | my flight | our plane | the {time} flight
# three
{digit}{zero}{zero}
# digit
1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9
# some
2 | 3 | 4 | 5 | 6 | 7 | 8 | 9
# zero
0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9
# hours
2 hours | 3 hours | two hours | 4 hours | 2 hrs | 3 hrs | {some} hours | one hour | 5 hrs
90 minutes | 1.5 hours | 2.5 hrs | {some}+ hours | over {some} hours | {mins} | half a day
# mins
10 min | 15 minutes | 20 minutes | 25 min | 30 minutes | 40 min | 45 minutes | {digit}5 min
# time
{digit}:{half} | {digit}:{half}{ap} | 1{tens}:{half} {ap} | {digit}{ap} | {digit}:{half} {ap}
# half
00 | 05 | 10 | 15 | 20 | 30 | 40 | 45 | 55
# tens
0 | 1 | 2
# ap
am | pm
# count
two | three | four | 2 | 3 | 4 | 5 | 6 | {some}
# money
$25 | $50 | $75 | $100 | $150 | $200 | ${digit}{zero} | ${digit}{zero}0 | ${digit}{zero}
# seat
{digit}{column} | 1{zero}{column} | 2{zero}{column} | 3{tens}{column}
# column
A | B | C | D | E | F
# gate
A{digit} | B{digit} | C{digit} | D{digit} | B1{zero} | C2{zero} | {digit} | 1{zero} | {digit}{zero}
# airport
{east} | {west}
# route
{east}-{west} | {west}-{east} | {east} to {west} | {west} to {east}
# east
ATL | BNA | BOS | BUF | BWI | CLE | CLT | DCA | DTW | EWR | FLL | IAD | JFK | LGA | MCO
MIA | PHL | PIT | PVD | RDU | RSW | SJU | SYR | TPA
# west
AUS | DEN | DFW | HOU | IAH | LAS | LAX | MDW | MSP | MSY | OAK | ORD | PDX | PHX | SAN
SAT | SEA | SFO | SJC | SLC | SNA | STL
# city
Austin | Boston | Buffalo | Charlotte | Chicago | Cleveland | Dallas | Denver | Houston
Miami | Nashville | Newark | Oakland | Orlando | Philly | Phoenix | Portland | Raleigh
Seattle | Tampa | Tucson | Omaha | Memphis | Tulsa
# name
Alex | Amy | Ben | Carla | Dana | Derek | Elena | Gina | Hank | Irene | Joe | Karla | Lou
Marta | Nick | Olga | Pat | Rosa | Sam | Tina | Vic | Wanda
# kin
mom | dad | son | daughter | wife | husband | sister | brother | grandma | friend | boss
# kids
two kids | a baby | a toddler | twins | three kids | my girls | the boys
# event
my best friend's wedding | a job interview | a funeral | my mom's 70th birthday | a meeting
our honeymoon | our only day of skiing | my exam | a concert | spring break | a game
# medical
medicine | insulin | clothes | work stuff | presents | good shoes | papers
# item
a guitar | a laptop | headphones | my jacket | a car seat | skis | an iPad | a camera
my glasses | a passport | a violin | golf clubs
# fragile
guitar | laptop | camera | violin | lamp | souvenirs | car seat | golf clubs
# part
screen | outlet | light | table | reading light | headrest | seat belt
# elite
gold | silver | platinum | elite | top tier | lifetime | frequent flyer
# day
Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday
# today
today | tonight | this morning | this week | right now | this evening
# month
March | April | May | June | July | August | October | December | January
# maybe
maybe | they say | or so | allegedly | if we are lucky
# locator
{letter}{letter}{some}{letter}{letter}{letter} | {letter}{some}{letter}{letter}{some}{letter}
# link
http://t.example/{five}{five}
# five
{char}{char}{char}{char}{char}
# char
{letter} | {small} | {small} | {some}
# letter
A | B | C | D | E | F | G | H | J | K | L | M | N | P | Q | R | S | T | U | V | W | X | Y | Z
# small
a | b | c | d | e | f | g | h | i | k | m | n | o | p | r | s | t | u | w | x | y | z
"""

# What is the same wherever it comes up in one tweet.
STEADY = frozenset({"flight", "airport", "east", "west", "city", "name", "kin", "kids"}) | {
    *("event", "item", "fragile", "part", "gate", "seat", "locator", "elite", "day", "hours"),
}

# Handle and share of its spelling. Measured: 97.5 % of United's are lower case and 25 % of
# JetBlue's, whose desk the real labels call Delta; about 2 % of the others.
HANDLES: Mapping[str, Mapping[str, float]] = {
    "American": {"@AmericanAir": 1.0},
    "Delta": {"@JetBlue": 0.75, "@jetblue": 0.25},
    "Southwest": {"@SouthwestAir": 0.98, "@southwestair": 0.02},
    "US Airways": {"@USAirways": 0.98, "@usairways": 0.02},
    "United": {"@united": 0.975, "@United": 0.025},
    "Virgin America": {"@VirginAmerica": 0.97, "@virginamerica": 0.03},
}
CODES = {
    "American": "AA",
    "Delta": "B6",
    "Southwest": "WN",
    "US Airways": "US",
    "United": "UA",
    "Virgin America": "VX",
}
AIRLINE_NAMES = {airline: airline for airline in CODES} | {"Delta": "JetBlue"}

OPENERS = ("So", "Hey,", "Hi,", "ok so", "Well,", "Hello,", "Hi there,", "Morning!", "btw")

# Share of the texts, pattern, replacement: how people type what they mean.
MANNERS = (
    (0.25, r"\.$", ""),
    (0.06, r"\byou\b", "u"),
    (0.06, r"\byour\b", "ur"),
    (0.05, r"\bare\b", "r"),
    (0.06, r"\bplease\b", "pls"),
    (0.05, r"\b(?:because|since)\b", "bc"),
    (0.10, r"(?<=\w)'(?=\w)", ""),
    (0.05, r"\. ", "... "),
    (0.05, r"\?", "??"),
    (0.05, r"!$", "!!!"),
    (0.30, r" and ", " &amp; "),  # measured: 4 % of all texts have one
    (0.02, r"\. ", ".\n"),  # measured: 1 % of all texts have one
)
