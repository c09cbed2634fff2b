"""What was measured on the real tweets, and what of it does the generator follow?

Every table holds counts or figures of 7,185 public tweets to six airlines on five full
days, 17 to 21 February 2015, local time -08:00 (the CrowdFlower "Twitter US Airline
Sentiment" set; no text and no author of it is here). `measure` measures them again on any
file. The few constants that were fitted, not measured, say so.
"""

__all__ = [
    "AIRLINES",
    "BURST_DECAY",
    "BURST_GRIP",
    "BURST_TENSION",
    "CONFIDENCE",
    "CONFIDENT",
    "DAYS_MEASURED",
    "DISPERSION",
    "HEAVY_FROM",
    "HEAVY_MEAN",
    "HOURS",
    "INCIDENT_SIZE",
    "IN_INCIDENT",
    "IN_STORM",
    "KEPT_REASON",
    "KEPT_SENTIMENT",
    "KEYWORDS",
    "LENGTHS",
    "OTHERS",
    "POSTS",
    "REASONS",
    "RETURN_BUSY",
    "RETURN_CALM",
    "RETURN_TRIES",
    "RETWEETS",
    "SENTIMENTS",
    "SILENCES",
    "STORM_SIZE",
    "TWEETS",
]

DAYS_MEASURED = 5

# measured: tweets in five days; the day-to-day coefficient of variation of all is 6 %
TWEETS = {
    "American": 4,
    "Delta": 1308,
    "Southwest": 1682,
    "US Airways": 1600,
    "United": 2260,
    "Virgin America": 331,
}
AIRLINES = tuple(TWEETS)

# measured: conversation starts (an author's first tweet to a desk), by local hour 0-23
HOURS = {
    "American": (1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0),
    "Delta": (
        *(1, 4, 5, 9, 21, 26, 25, 26, 39, 42, 29, 39),
        *(36, 39, 50, 42, 34, 30, 41, 33, 25, 15, 11, 6),
    ),
    "Southwest": (
        *(4, 7, 8, 7, 20, 24, 53, 79, 101, 91, 75, 83),
        *(75, 65, 71, 59, 52, 67, 51, 50, 48, 26, 13, 10),
    ),
    "US Airways": (
        *(2, 2, 5, 12, 23, 27, 24, 43, 58, 53, 54, 52),
        *(57, 49, 44, 42, 35, 43, 50, 49, 45, 23, 22, 10),
    ),
    "United": (
        *(14, 7, 26, 20, 17, 32, 34, 62, 76, 92, 61, 72),
        *(67, 83, 67, 93, 74, 65, 81, 61, 42, 54, 31, 14),
    ),
    "Virgin America": (
        *(2, 0, 2, 2, 5, 2, 8, 11, 19, 25, 30, 18),
        *(15, 17, 22, 13, 13, 17, 9, 7, 8, 6, 5, 3),
    ),
}

# measured: authors with 1, 2, ... 8 tweets to one desk, then with 9 or more
POSTS = {
    "American": (4, 0, 0, 0, 0, 0, 0, 0, 0),
    "Delta": (350, 140, 64, 30, 16, 8, 6, 4, 10),
    "Southwest": (829, 196, 70, 21, 8, 8, 2, 1, 4),
    "US Airways": (483, 177, 69, 40, 22, 6, 8, 3, 16),
    "United": (770, 248, 109, 48, 28, 14, 8, 6, 14),
    "Virgin America": (208, 42, 4, 3, 0, 1, 0, 0, 1),
}
HEAVY_FROM = 9
HEAVY_MEAN = 12.2  # measured: tweets of an author who has 9 or more (45 authors; most: 61)

# measured: seconds between two tweets of one author to one desk, (share below, gap):
# half within 20 minutes, a tenth after eight hours
SILENCES = (
    *((0.0, 2.0), (0.05, 44.0), (0.1, 68.0), (0.2, 165.0), (0.3, 347.5), (0.4, 638.0)),
    *((0.5, 1204.0), (0.6, 2152.0), (0.7, 4003.5), (0.8, 8825.0), (0.85, 13764.0)),
    *((0.9, 28443.5), (0.95, 71937.5), (0.98, 134520.0), (1.0, 330189.0)),
)

# measured: tweets by sentiment; negative 34 % (Virgin America) to 76 % (US Airways)
SENTIMENTS = {
    "American": {"negative": 3, "neutral": 0, "positive": 1},
    "Delta": {"negative": 537, "neutral": 411, "positive": 360},
    "Southwest": {"negative": 839, "neutral": 455, "positive": 388},
    "US Airways": {"negative": 1209, "neutral": 207, "positive": 184},
    "United": {"negative": 1508, "neutral": 437, "positive": 315},
    "Virgin America": {"negative": 113, "neutral": 112, "positive": 106},
}
# measured: 66.1 % of an author's later tweets repeat the sentiment of the one before, where
# independent draws would give 46.6 %. Kept is a bit less than (0.661 - 0.466) / (1 - 0.466) =
# 0.366 of them, because two tweets in one burst agree more often anyway.
KEPT_SENTIMENT = 0.345

# measured: negative tweets by reason; it differs by airline (late: 5 % to 27 %), and only
# negative tweets have one
REASONS = {
    "American": {"Customer Service Issue": 1, "Late Flight": 1, "Lost Luggage": 1},
    "Delta": {
        "Bad Flight": 34,
        "Can't Tell": 85,
        "Cancelled Flight": 36,
        "Customer Service Issue": 132,
        "Late Flight": 144,
        "Lost Luggage": 40,
        "Damaged Luggage": 10,
        "Flight Attendant Complaints": 27,
        "Flight Booking Problems": 24,
        "longlines": 5,
    },
    "Southwest": {
        "Bad Flight": 54,
        "Can't Tell": 107,
        "Cancelled Flight": 117,
        "Customer Service Issue": 290,
        "Late Flight": 110,
        "Lost Luggage": 57,
        "Damaged Luggage": 5,
        "Flight Attendant Complaints": 27,
        "Flight Booking Problems": 48,
        "longlines": 24,
    },
    "US Airways": {
        "Bad Flight": 67,
        "Can't Tell": 126,
        "Cancelled Flight": 97,
        "Customer Service Issue": 420,
        "Late Flight": 257,
        "Lost Luggage": 63,
        "Damaged Luggage": 9,
        "Flight Attendant Complaints": 70,
        "Flight Booking Problems": 75,
        "longlines": 25,
    },
    "United": {
        "Bad Flight": 131,
        "Can't Tell": 224,
        "Cancelled Flight": 88,
        "Customer Service Issue": 396,
        "Late Flight": 310,
        "Lost Luggage": 133,
        "Damaged Luggage": 12,
        "Flight Attendant Complaints": 95,
        "Flight Booking Problems": 91,
        "longlines": 28,
    },
    "Virgin America": {
        "Bad Flight": 15,
        "Can't Tell": 13,
        "Cancelled Flight": 13,
        "Customer Service Issue": 37,
        "Late Flight": 6,
        "Lost Luggage": 4,
        "Damaged Luggage": 2,
        "Flight Attendant Complaints": 3,
        "Flight Booking Problems": 18,
        "longlines": 2,
    },
}
# measured: 38.6 % of an author's consecutive complaints have the same reason, independent
# draws would give 17.9 %. Kept is less than (0.386 - 0.179) / (1 - 0.179) = 0.25, again
# because of the bursts.
KEPT_REASON = 0.21

# measured: share of labels with confidence 1.0, and the quantiles of the others
CONFIDENT = {"negative": 0.791, "neutral": 0.502, "positive": 0.652}
CONFIDENCE = {
    "negative": (
        *((0.0, 0.34), (0.032, 0.365), (0.033, 0.62), (0.1, 0.636), (0.2, 0.6484)),
        *((0.3, 0.6553), (0.4, 0.6608), (0.5, 0.6667), (0.6, 0.6721), (0.7, 0.6782)),
        *((0.8, 0.6866), (0.9, 0.6987), (0.98, 0.715), (0.99, 0.736), (1.0, 0.9658)),
    ),
    "neutral": (
        *((0.0, 0.3353), (0.07, 0.37), (0.071, 0.6), (0.1, 0.6281), (0.2, 0.6452)),
        *((0.3, 0.6537), (0.4, 0.66), (0.5, 0.6664), (0.6, 0.6709), (0.7, 0.6771)),
        *((0.8, 0.6831), (0.9, 0.6909), (0.98, 0.709), (0.99, 0.722), (1.0, 0.9633)),
    ),
    "positive": (
        *((0.0, 0.3356), (0.078, 0.37), (0.079, 0.6), (0.1, 0.6304), (0.2, 0.6472)),
        *((0.3, 0.6533), (0.4, 0.66), (0.5, 0.6664), (0.6, 0.6705), (0.7, 0.6771)),
        *((0.8, 0.6842), (0.9, 0.6957), (0.98, 0.708), (1.0, 0.7263)),
    ),
}

# measured: tweets by how often they were retweeted; 6 % were at all
RETWEETS = {
    "negative": {0: 3885, 1: 284, 2: 24, 3: 7, 4: 5, 5: 1, 7: 1, 32: 1, 44: 1},
    "neutral": {0: 1565, 1: 43, 2: 9, 3: 3, 4: 1, 5: 1},
    "positive": {0: 1303, 1: 38, 2: 5, 3: 1, 4: 2, 5: 1, 6: 1, 7: 1, 8: 1, 22: 1},
}

# measured: index of dispersion of hourly counts about each hour's mean over the days (1.0 is
# Poisson), of all tweets and of conversation starts. All airlines together are above every
# single one: they burst together.
DISPERSION = {
    "tweets": {
        "Delta": 2.80,
        "Southwest": 3.07,
        "US Airways": 3.52,
        "United": 2.36,
        "Virgin America": 1.39,
        "all": 5.75,
    },
    "starts": {
        "Delta": 1.63,
        "Southwest": 2.19,
        "US Airways": 1.92,
        "United": 1.29,
        "Virgin America": 1.15,
        "all": 3.11,
    },
}

# Fitted to the dispersion and to the covariance between airlines: the share of conversations
# that start because of an incident at one airline, or of a storm that hits all of them; how
# many conversations one of these starts on average; and how soon.
IN_INCIDENT = {
    "American": 0.0,
    "Delta": 0.04,
    "Southwest": 0.17,
    "US Airways": 0.22,
    "United": 0.02,
    "Virgin America": 0.06,
}
IN_STORM = {
    "American": 0.0,
    "Delta": 0.20,
    "Southwest": 0.19,
    "US Airways": 0.14,
    "United": 0.10,
    "Virgin America": 0.10,
}
INCIDENT_SIZE = 6.0
STORM_SIZE = 50.0
BURST_DECAY = 5400.0  # seconds, mean; measured: residuals an hour apart correlate 0.3 to 0.5
# Fitted: in a burst this share of what would not be negative is. Measured: Delta is 37 %
# negative in its quiet hours and 51 % in its busy ones, US Airways 74 % and 78 %.
BURST_TENSION = 0.4
# Fitted: a silence may end in an hour with this many times the usual starts; in one with less
# it is drawn again, in proportion, so often at most. Without it the dispersion of all tweets
# would be too near that of starts.
RETURN_BUSY = 1.5
RETURN_TRIES = 5
RETURN_CALM = 3.0  # starts an hour: fewer than this usually, and a burst weighs less
BURST_GRIP = 0.4  # fitted: share of a burst's complaints that are about its cause

# measured: characters of a text, (share below, length), by sentiment and whether it is an
# author's later one; cut at 140, "&amp;" counted as one
LENGTHS = {
    ("negative", False): ((0.0, 17), (0.1, 72), (0.25, 98), (0.5, 127), (0.75, 138), (1.0, 140)),
    ("negative", True): ((0.0, 12), (0.1, 58), (0.25, 88), (0.5, 120), (0.75, 136), (1.0, 140)),
    ("neutral", False): ((0.0, 14), (0.1, 45), (0.25, 66), (0.5, 97), (0.75, 131), (1.0, 140)),
    ("neutral", True): ((0.0, 12), (0.1, 27), (0.25, 48), (0.5, 79), (0.75, 112), (1.0, 140)),
    ("positive", False): ((0.0, 15), (0.1, 38), (0.25, 61), (0.5, 94), (0.75, 129), (1.0, 140)),
    ("positive", True): ((0.0, 12), (0.1, 24), (0.25, 43), (0.5, 76), (0.75, 110), (1.0, 140)),
}

# measured: share of the tweets of a sentiment that contain the pattern, whatever the case
KEYWORDS = {
    ("negative", "delay"): 0.096,
    ("negative", "cancel"): 0.090,
    ("negative", "bag|luggage|suitcase"): 0.103,
    ("negative", "book|website|site|reserv"): 0.098,
    ("negative", "rude|attendant"): 0.026,
    ("negative", "hold|phone|call"): 0.156,
    ("negative", "refund"): 0.019,
    ("negative", "thank|thx"): 0.047,
    ("negative", "love|great|awesome|best"): 0.029,
    ("neutral", "thank|thx"): 0.073,
    ("neutral", r"\bDM"): 0.046,
    ("neutral", r"\?"): 0.393,
    ("positive", "thank|thx"): 0.448,
    ("positive", "love|great|awesome|best"): 0.254,
    ("positive", "!"): 0.532,
}

# measured: see `measure` for what each of them is
OTHERS = {
    "cv of the days": 0.055,
    "reason is empty": 0.414,
    "tweets by author": 1.753,
    "authors with 1 tweet": 0.645,
    "authors with 2 tweets": 0.196,
    "authors with 5 or more": 0.047,
    "silence of an author, median s": 1204.0,
    "silence under 5 min": 0.282,
    "silence under 1 h": 0.683,
    "sentiment as before": 0.661,
    "reason as before": 0.386,
    "repeated texts": 0.004,
    "length of a text, median": 111,
    "texts with a link": 0.081,
    "texts with a hashtag": 0.177,
    "texts with &": 0.043,
    "Spanish texts": 0.001,
}
