"""What do the synthetic tweets say?

All texts are our own: no real tweet was copied. `TEXTS` is a grammar: a line that begins with
`# ` names a symbol, every line below it (or part of it, between bars) is one way to say it,
and `{symbol}` in it is said in turn (the small ones are in `words`). To add a way to complain,
add a line.

A subject is a reason to complain, "neutral" or "positive". It is opened by its own symbol,
goes on with its ", more" and is Spanish in its ", es"; ", brief", ", close", " tag" and
" face" belong to a sentiment.
"""

__all__ = ["TEXTS"]

TEXTS = """
# Late Flight
{flight} to {east} delayed {hours} and the board still says on time.
Sitting on the tarmac at {airport} for {hours} now with no water. Why is {flight} stuck?
My {time} to {city} is now leaving at {time}, {maybe}. Third delay {today}.
{flight} still delayed, {hours} so far. I will miss {event}.
Late out of {east}, so I missed my connection in {west} by {mins}.
Delayed again?! That's {count} times this month on the {route} route.
Waiting on a pilot for {flight}. How do you not know your crew is late?
We landed {mins} ago at {airport} and still have no gate. People will miss connections.
{hours} behind getting into {city} and nobody at gate {gate} says why.
First a mechanical, then de-icing, now the crew timed out. {flight} is a mess.
If {flight} is going to be late again, tell us before we all go to {airport}.
{flight} was pushed back every {mins} since {time}. Just give us one honest time.
Still at gate {gate} in {airport}. Boarding was supposed to be at {time}.
Every other airline leaves {airport} on time {today}. Yours: {hours} behind.
No plane, no crew, no update. Gate {gate} {airport}, {flight}.
Your text said on time, your app said {hours} late, your agent said go home. Which one?
Been on this plane for {hours} and it has not moved an inch.
A {hours} delay because someone forgot the paperwork? Really?
Missed {event} thanks to the delay of {flight}. {hours}!
My {kin} is stuck in {airport} because {flight} came in {hours} late. What now?
how late is {flight} really going to be? the app has changed it {count} times
Rushed all the way to {airport} for a {time} departure that now leaves at {time}.
Waited {hours} at {airport} and now they swap the plane. Late again.
Delay after delay on {route}. {flight} is {hours} behind and counting.
Great, another delay. {hours} this time, {flight}, and {kids} asleep on the floor.
Why was {flight} delayed? The plane is here, the pilots are here, the sky is clear.
Thanks for the {hours} delay, I love missing {event}.
# Late Flight, more
That's a {hours} wait with {kids}. | Still no new time. | And the connection is gone too.
The captain says {mins} more, he said that {mins} ago. | Delay number {count} today.
What is the delay this time? | Nobody at {airport} knows anything. | Delayed once more.
I have to be in {city} by {time}. | We are {hours} late by now. | Still waiting to take off.
At this rate driving to {city} would be faster. | No updates, no apology, nothing.
Last connection to {city} leaves at {time}, will it wait? | Still sitting at {gate}.
Now they say {time}, {maybe}. | It was the same story on {day}. | Another delay of {mins}.
And now there is no crew for {flight}. | No one tells us why it is delayed.
Will you hold the {time} to {city} for us? | Is there any earlier plane to {city}?
# Cancelled Flight
{flight} cancelled with no reason given. How do I get to {city} {today}?
You cancelled my flight to {east} and rebooked me {hours} later through {west}.
Cancelled flight out of {airport} and the next one you have is {day}. Unacceptable.
So {flight} is cancelled and I found out from the board, not from you.
Got the cancellation text at {time}. For a {time} flight. I was already at {airport}.
Second cancelled flight in {count} days. I still have not left {airport}.
{flight} canceled for "weather" while every other airline is flying out of {airport}.
My {kin} is stranded in {airport} after you cancelled {flight}. No hotel, no help.
Cancelling {flight} {mins} before boarding is a new low.
Cancelled, rebooked, cancelled again. I only want to sleep at home in {city}.
Who pays for my hotel in {city} after the cancellation of {flight}? Not me I hope.
Flight to {city} cancelled and I can't rebook online. I need to be there by {day}!
You cancel {route} every time it snows one inch in {airport}.
{flight} canceled. {count} hundred people, one agent at gate {gate}.
You cancelled and moved us to a flight on {day}. Our trip ends on {day}!
I need a seat out of {airport} tonight since you took ours. Anyone?
All flights to {city} scrubbed and you offer me nothing before {day}.
Stuck in {city} {count} nights now because you can't get a plane to fly {route}.
# Cancelled Flight, more
And now no seats until {day}. | No hotel voucher either. | Can I get a refund at least?
Can you put me on another airline? | Why was it cancelled? | On hold for {hours} since.
I will miss {event}. | {count} cancelled flights in one week. | Cancelled. Again.
My confirmation is {locator}. | The new one got cancelled as well.
Cancelled {count} times, it feels.
There are {count} of us with {kids}. | The sky is blue in {city}. | What are my options?
Cancelled for what? | Nobody called us about the cancellation. | Who pays for {event}?
I was rebooked without being asked. | No cancellation notice, no email, no call.
We slept on the floor at {airport}. | And the {time} to {city} was cancelled too.
# Customer Service Issue
On hold for {hours} and then your phone line hung up on me.
I have called {count} times since {day} and can't get a human on the phone.
{hours} on hold. Your hold music is going to haunt me.
Nobody answers the phone, nobody answers DMs, nobody answers here.
Is there a number where someone actually picks up? On hold since {time}.
Your agent in {city} told me one thing, {name} in {airport} another. Who is right?
I sent an email {count} weeks ago about case {three}{zero} and got a form letter.
How hard is it to call a customer back? Waiting since {day}.
Got transferred {count} times and nobody could change my name on {locator}.
Customer service at {airport} is a joke. One agent, {count} hundred people.
Why promise a reply in {hours} when it takes {count} weeks?
Your reps disconnect as soon as you ask for a supervisor. Happened {count} times.
The automated line says volume is high and disconnects. Every. Single. Time.
{hours} with customer relations and the answer is "it is our policy".
I would like to talk to someone who can fix this. Not another copy-paste tweet.
you can tweet but you can't pick up the phone?
Gate agents at {airport} knew nothing, offered nothing and walked away at {time}.
Been a {elite} member for {count} years and this is how you treat me.
Your help desk in {airport} closed {mins} early. We were all still in it.
They told me to call. The phone told me to go online. The site told me to call.
Trying to add {item} to my trip and nobody is able to help.
Still no answer about my {money} refund. You have had it since {day}.
Your staff in {airport} lied to {count} of us about the voucher.
Refusing to honor your own fare is not how you keep customers.
Any chance that a real person reads this? Third message {today}.
I need help with {locator} and your agents keep passing me around.
Worst customer service I have seen in {count} years of flying {route}.
Do you pay people to ignore customers at {airport}? Because they excel at it.
They wanted {money} to fix a typo that your own agent made.
No response to my DM since {day}. Are you there?
I asked for a wheelchair for my {kin} in {airport}. Nobody came for {hours}.
Your rep {name} promised me a {money} credit for {flight}. It never came.
Can someone at gate {gate} in {airport} please do their job?
# Customer Service Issue, more
Still on hold. {hours} now. | No one called back. | I just need one person to answer.
Your phone system is broken. | Still waiting for an answer. | Please have someone call me.
They could not care less. | I did, {count} times. It did not help. | Nobody followed up.
A supervisor would be nice. | I already sent a DM. | Not helpful at all.
Is that how you treat {elite} members? | You asked me to wait and nobody answers.
Do you ever train your people? | An apology would have been enough. | Still nothing.
I want the {money} back. | Reply or call, either will do. | That does not answer it.
{count} emails and not one reply. | {name} was no help either. | I'm speechless.
The case number is {three}{zero}. | I will not hold another {mins}. | It's been {hours}.
How do I reach a supervisor? | Terrible service. | Try to call it yourselves.
And the agent in {airport} hung up. | What is the point of this account?
# Bad Flight
{flight}: broken seat, no wifi and the {part} never worked.
Paid {money} for wifi on {flight} that loads nothing.
{hours} in seat {seat} with a screen that only shows static.
{flight} smelled of fuel the whole way to {city}.
Paid {money} extra for legroom and got moved to {seat}, middle, by the toilets.
Why sell food on {flight} if you run out at row {digit}?
Cabin was freezing all the way from {east} to {west}. No blankets.
Toilet out of order for {hours} on {flight}. Classy.
You split up our family on {flight}. My {some} year old sits {count} rows away.
Seat {seat} does not recline and the one in front of me does. All the way.
This plane is older than me. {seat} is held together by tape.
The worst flight of my life: {flight} from {airport}.
No outlets, no screens, no pretzels. Is {flight} from the {digit}0s?
Used to love flying with you. {flight} had filthy seats and no drinks.
Overbooked again and my exit row seat {seat} went to someone else.
Roughest landing ever at {airport} {today}, and not one word from the cockpit.
Gave away my seat while I was boarding. {seat}, paid for in {month}.
The {part} in {seat} is dead and {flight} takes {hours}.
# Bad Flight, more
And I paid {money} for it. | Not even water. | The wifi cost {money}, too.
I am 6 feet {some}, this is not a seat. | My back hurts already. | Same on {day}.
Is that what {elite} gets me? | Please fix your planes. | Nothing works on this plane.
How is this cabin allowed to fly? | Moved me to {seat} without asking. | So much for comfort.
The {part} was broken as well. | It's {hours} to {city} like this. | The crew just shrugged.
# Lost Luggage
Where is my bag? {flight} landed at {airport} {hours} ago.
{count} days and still no luggage. Tag {code}{three}{three}.
You lost my bag between {east} and {west}. On a nonstop flight!
My {kin}'s bag with {medical} is lost and nobody at {airport} cares.
Baggage desk in {city} says my suitcase is in {airport}. Why?
Bag has been "out for delivery" since {day}. Where is it?
I am in {city} for {event} with no clothes. Your crew left our bags in {airport}.
{hours} at carousel {digit} in {airport} and not a single bag from {flight}.
Your baggage tracker shows nothing for {locator}. Is my luggage on this planet?
You charge {money} for a checked bag and then lose it.
My luggage is enjoying {city} without me.
Gate checked my carry on bag at {airport} and now it is gone.
Found my bag myself at {airport}, in a corner, open. No agent in sight.
left {item} in seat {seat} of {flight} and lost and found never answers
Bags did not make it on {flight}. {count} of us, no suitcases, {event} is next.
The delivery company for lost luggage says they never got my bag.
Why is my bag in {west} when I flew to {east}?
# Lost Luggage, more
Still no bag. | Nobody can say which city my luggage is in. | All my {medical} is in that bag.
My bag is all I ask for. | My bag claim is {locator}. | Not one call about my bag.
When will my bag arrive? | My bag has a red ribbon and my name on it. | And no bag. | My bag!
The baggage line just rings. | I want my suitcase, not miles. | What does my bag do in {west}?
Bag number {three}{three}.
The bag is still in {airport}. | No bag on the {time} from {airport} either.
Who pays for the {medical} in my bag? | {count} bags, {count} days.
Baggage office closed at {time}.
# Damaged Luggage
My suitcase came out at {airport} with a wheel missing and the handle bent.
Bag soaked through after {flight}. Everything in it is wet.
You broke my {fragile}, in a hard case, marked fragile. Who pays?
New {money} suitcase, one trip on {flight}, now it has a hole in it.
Watched your ramp crew at {airport} throw bags like it's a sport. Mine is cracked.
Opened my luggage in {city}: zip torn and my {fragile} in pieces.
Stroller came back from {flight} in two parts. Damaged beyond repair.
# Damaged Luggage, more
See the photo. | Agent at {airport} shrugged. | Who do I send the bill of {money} to?
Your desk says wheels are not covered. | Bag is {count} weeks old. | I want it repaired.
Nobody at {airport} takes the claim. | It's the second bag you broke. | I want {money}.
# Flight Attendant Complaints
The flight attendant in row {some} of {flight} rolled her eyes at my {kin}.
Rude gate agent at {gate} in {airport}, name tag {name}. Yelled at an old lady.
Steward on {flight} told me to "deal with it" when I asked for water.
Your crew on {flight} spent {hours} chatting in the back. Not one drink.
Rudest attendants ever on the {time} to {city}.
Agent {name} at {airport} shut the door in our faces {mins} early and laughed.
Why would a steward talk like that to {kids}? {flight}, seat {seat}.
Boarding at {gate} is chaos and {name} at the desk just shouts.
Crew on {flight} would not let us put anything up, half of the bins were empty.
Ask your gate staff in {airport} to look up once in a while.
The attitude of your people at {airport} is unbelievable. {name} above all.
We boarded, then waited {mins} because your crew was at another gate.
Told I was "too loud" by an attendant on {flight} for asking about {event}.
# Flight Attendant Complaints, more
So rude. | Is that in the training? | She would not give her name. | Zero respect.
I asked politely. | It was gate {gate}, {time}. | Not what I expect from a crew.
{name} is too rude to work with people. | They made my {kin} cry. | I have it on video.
He walked off. | And nobody on board cared. | That crew needs {count} days off.
Row {some} if you want to ask around. | The whole row heard it. | What an attitude.
# Flight Booking Problems
Your website will not let me book {east} to {west}. Error at the last step.
Tried to pay for {count} seats and was charged {count} times.
The app lost my reservation {locator}. It was there on {day} and now it's gone.
Can't check in online for {flight}. It says I do not exist.
Fare was {money} when I clicked book and {money} on the payment page.
My miles are gone but there is no booking. {locator} is not valid, it says.
Website down again. I need to change a flight by {time}!
I can't use my voucher online and you want {money} to do it by phone.
You put my {kin} on the wrong day and want {money} to change it.
Why can't I pick seats for {locator}? I booked in {month}.
companion pass does not work on your site. tried {count} browsers
My upgrade vanished when the trip was changed. {seat} now.
Password reset never comes, so no trip to {city}. Fix your site.
Flight credit expired {count} days before I could book. Nice trick.
# Flight Booking Problems, more
The page times out. | Error {three} again. | It takes my card and then nothing.
Sale ends at midnight.
I have a screenshot. | No ticket, no refund. | Same error on the app. | Error {three}.
Is the website down? | Confirmation {locator} never arrived. | I'd rather book elsewhere.
It's for {count} of us to {city}. | All I want is {route} on {day}. | The code is no good.
# longlines
{mins} in line at {airport} and {count} agents went on break.
The line for check in at {airport} is out of the door. One kiosk works.
{hours} waiting in the rebooking line at {airport}. It moved {count} meters.
Bag drop in {city}: {count} hundred people, one person working. Wait is {mins}.
Why is only one counter open at {airport} at {time}? Longest wait ever.
Stood in line {mins}, got to the front, they closed it.
# longlines, more
We will miss {flight}. | No one directs the people. | It has not moved. | So slow.
{kids} with us, no chairs. | Everyone is angry. | Open another counter! | {mins} more, {maybe}.
# Can't Tell
Never flying with you again after {flight}.
{airline}, you had one job. {city}. One job.
I am so done with this airline. {count} trips, {count} bad ones.
Do better. {city} deserves better.
You just lost a customer of {count} years.
How are you still in business in {city}?
Congratulations on the worst {day} I have had in years.
I should have driven to {city}.
Another trip to {city}, another disappointment. See you never.
My company spends a lot with you. Not after {today}.
Every time I give you another chance, you make me regret it.
You really don't care about people going to {city}, do you?
{money} fee for that? You must be kidding.
That's not an apology. That's a bad excuse.
I pay {money} more to fly to {city} with anybody else next time.
Is it your goal to ruin {event}?
So disappointed. I expected more from you on {route}.
your new policy is a joke and so are the {money} fees
Lost my trust at {airport}, and {elite} members talk to each other.
The terminal at {airport} is a disgrace.
Epic fail in {city} {today}.
{money} for a snack and a smile that never came. Great value.
If I could give {flight} a score it would be below {digit}.
# Can't Tell, more
Shame on you. | Never again. | What a joke. | Unbelievable. | You should be embarrassed.
And {money} poorer. | Sort it out. | I will tell everyone in {city}. | Pathetic.
This is why people fly with others. | I am out. | Same story in {month}. | Ridiculous.
My {kin} warned me about you. | Not one of you cares. | I'll remember that in {month}.
{elite} for {count} years, for this. | There goes my {day}. | {airport} is a nightmare.
# neutral
What time does check in open at {airport} for {flight}?
Is {flight} on time {today}?
Can I bring {item} as carry on to {city}?
What do I pay to check {item}, as {elite}?
Do you fly from {east} to {city} in {month}?
When will the schedule for {month} be out?
I'd like to change {locator} to {day}, is there a fee?
DM with my confirmation number {locator} is on its way.
Following you now, send me a DM about {flight}.
Will DM you {locator} and my seat, {seat}.
Which outlets does {flight} have, and is there wifi?
Which desk handles a group of {some}0 people to {city}?
What is the status of {flight} to {airport}?
Need to add my known traveler number to {locator}.
My {kin} flies alone for the first time, {east} to {west}.
Thanks for following. Any travel waiver for {airport} with the snow coming on {day}?
Your counter in {city} is by gate {gate} now.
Need to move {count} seats on {flight} to the evening.
Is the lounge at {airport} open on {day}?
Are there award seats to {city} in {month}?
Does my companion need the same ticket for the fee waiver? It's {route}.
Looking at flights to {city} for {event}. Prices start at {money}.
My miles are from {month}, {money} worth of them.
Got a survey that promises {money} for flights.
{airline} to add {count} daily flights at {airport} in {month} {link}
{airline} shares move as fuel gets cheaper {link}
{count} things to know about the {airline} results {link}
{airline} shows a new livery in {city} {link}
On my way to {city} with {flight}. Window seat {seat}.
Spotted at {airport}: your plane at gate {gate} {link}
Boarding {flight} to {city}.
Win a trip to {city}! Follow and retweet {link}
please follow me back, I collect airlines, {count} to go
My email is {name}{digit}{zero}@mail.example, send it there please.
You can reach me at 555-01{zero}{zero}. It is about {locator}.
Can I get a receipt for {locator} for my taxes?
What does group {digit} boarding mean?
My {kin} will pick me up at {airport} around {time}.
Are dogs allowed in the cabin on {flight}?
We plan to be at {airport} at {time} on {day} for {flight}.
Left {city}, next stop {airport}, then {event}.
Have been told to ask here: does {flight} serve a meal?
# neutral, more
It is for {event}. | Confirmation {locator}. | My seat is {seat}. | {kids} with us.
It's {flight}. | It's the one on {day}. | We are {count} people. | Ok, will do.
Flying {east} to {west}. | Seat {seat}. | Let me know. | {time}, {maybe}.
I will ask at {airport}. | Got it. | It depends on the fee. | {elite} member here.
Seen on your site. | Asking for my {kin}. | Following now. | Last time it was {money}.
We land at {time}. | The return is on {day}. | It has a stop in {airport}.
# positive
Thank you for getting us to {city} early {today}.
Wonderful crew on {flight}, thanks {name}!
Thanks for the quick help with {locator}. You made my {day}.
Love the new seats on {flight}!
Smooth and on time from {airport}, as always.
{name} at {airport} found my {fragile}. Thank you so much!
Shout out to {name} at gate {gate} in {airport}, who got us all rebooked.
Bag delivered in {hours}, you guys are awesome.
Thanks for the upgrade to {seat} on my birthday!
I enjoy flying with you. {city} here I come!
Big thanks to the crew of {flight} for being so kind to my {kin}.
{name} on the phone {today} was patient, fast and funny.
Landed in {city} {mins} early. Nice work!
The captain of {flight} let {kids} see the cockpit. Made their year!
Got a call back in {mins}. I'm impressed.
Free wifi and snacks on {flight}? Yes please!
You waited for us in {airport} and we made the connection.
Finally home. Your agents in {airport} were so calm in all that snow.
Beautiful sunset over {city} from {seat} {link}
So happy you fly to {airport} now.
Thanks for sorting out my refund of {money} so fast.
{flight} had the funniest safety talk, my {kin} cried with laughter.
Kudos to {name} at baggage in {airport}, such a good attitude.
My {kin} loved the first flight, wings and all!
You have won me over. {elite} next year!
Excellent flight to {city}, friendly faces all around.
thx for the fast reply, seat {seat} is perfect
{count} years of flying {route} with you and still my favorite airline.
The new app is so easy. Checked in within seconds!
Good view, good coffee, on time. {flight} had it all.
Your team in {airport} handled {flight} so well, thank you {name}.
Thanks to {name} my {kin} made it to {event}.
# positive, more
Thank you! | Thanks so much. | What a difference. | You rock! | Really appreciate it. | Great job.
Keep it up. | Much appreciated, {name}. | See you again in {month}. | Good job, {city} team.
All set now. | That was fast. | I can't wait for {event}.
{name} deserves a raise. | We'll be back. | So glad I flew with you. | It was seat {seat}.
My {kin} is happy, too. | Made it to {city} by {time}. | {kids} slept all the way.
Well done {airport}. | This is why I'm {elite}. | Next trip in {month}. | {city} was fun.
# negative, brief
{still} {gripe} | {gripe} {gripe} | {still}
# still
Still waiting, {hours}. | No, {flight}. | I did, on {day}. | {count} times, no. | And {flight}?
No answer since {time}. | {hours} now. | {money}, really? | No, not {day}. | Hello, {airport}?
# gripe
Not good enough. | Not helpful. | Same answer again. | That did not work. | Come on. | Awful.
Unreal. | Seriously? | Not ok. | Fix it. | Terrible. | Not my fault. | Nobody cares. | Lame.
# neutral, brief
DM sent, {locator} | {locator} and {name} | {flight}, {day} | {east} to {west}? | {seat} | {name}
is {flight} on time? | gate {gate}? | what about {day}? | {city} or {airport}? | Yes, {day}.
No, {day}. | {flight}? | Ok, {day} then. | at {time} | {name}, seat {seat} | {money}? | Done, {day}.
# positive, brief
{ty} {bliss} | {bliss} {bliss} | {bliss} {name} | {ty} {city} team{bang}
{bliss} | {bliss} {city} | {bliss} {ty}
# ty
Thanks again | Thank you | thank you! | Thanks! | thx | Got it, thanks! | Many thanks | Thank u
# bliss
You made my {day}{bang} | Top crew{bang} | All good{bang} | Love it{bang} | Sorted in {mins}{bang}
Home by {time}{bang} | {name} rocks{bang} | Nice{bang} | Seat {seat}, wow{bang} | Fixed{bang}
See you in {city}{bang} | Awesome{bang} | So kind{bang} | That helps{bang} | Good news{bang}
# bang
! | ! | . | {nothing}
# nothing
|
# negative, close
Please help. | Help! | Anyone? | Come on. | Seriously. | Not happy. | I'm tired. | Help me.
Thanks for nothing. | Wow. | Terrible. | {airline} fail. | Fix it. | How is this ok?
I give up. | Please explain. | Really? | Why? | Do something. | It's {day}! | So tired of this.
# neutral, close
Thanks. | Curious. | Please advise. | Just asking. | Good morning! | Hello {city}! | Let me know.
No rush. | Happy {day}! | Greetings from {city}. | Thank you. | First time flyer here. | Tell me.
# positive, close
Thank you! | Great. | Love {airline}. | Happy {day}! | So good. | Happy customer here. | Thanks!
What a team. | Smiles all around. | {airline} for the win. | Made my {day}. | Thank you {name}.
# negative tag
#fail | #neveragain | #nothappy | #badservice | #stuck | #frustrated | #stranded | #annoyed
#{airport} | #travelfail | #worstairline | #disappointed | #helpme | #sotired | #fail #{city}
# neutral tag
#travel | #{airport} | #avgeek | #question | #flying | #planning | #{city} | #news | #{month}
# positive tag
#thanks | #happy | #loveit | #{airport} | #customerforlife | #greatservice | #travel | #{city}
# negative face
:( | 😡 | 😭 | 😩 | 👎 | 🙄 | 😡😡
# neutral face
🤔 | ✈️ | :) | 😉
# positive face
😊 | 👍 | ❤️ | 🎉 | :) | ✈️ | 🙌 | 💙
# Late Flight, es
El vuelo {flight} a {city} lleva {some} horas de retraso y nadie informa.
¿Por qué está retrasado mi vuelo a {airport}? Llevamos {some} horas esperando.
Perdí mi conexión en {airport} por el retraso del vuelo {flight}.
Seguimos en la puerta {gate}, otra hora de espera y sin explicación.
# Cancelled Flight, es
Me cancelaron el vuelo {flight} a {city} y no hay otro hasta mañana.
Cancelaron nuestro vuelo en {airport}. ¿Quién paga el hotel?
Vuelo cancelado y nadie contesta el teléfono. Necesito llegar a {city} hoy.
# Lost Luggage, es
¿Dónde está mi maleta? Llegué a {airport} hace {some} horas.
Perdieron mi equipaje en {airport} y nadie me llama. Van {some} días.
Todavía sin maletas. Toda mi ropa está en {city}.
# Damaged Luggage, es
Mi maleta llegó rota a {airport}. ¿Quién me la paga?
# Customer Service Issue, es
Llevo {some} horas en el teléfono y nadie contesta. Qué mal servicio.
Pésima atención al cliente en {airport}, nadie sabe nada de mi caso {three}.
Quiero que me devuelvan mi dinero. Ya van {some} semanas sin respuesta.
# Flight Attendant Complaints, es
La azafata del vuelo {flight} fue muy grosera con mi familia.
# Flight Booking Problems, es
No puedo hacer la reserva a {city} en su página, me da error a cada rato.
# Bad Flight, es
El asiento {seat} estaba roto y no había agua en el vuelo {flight}.
# longlines, es
Una fila enorme en {airport} y un solo mostrador abierto. Ya va una hora.
# Can't Tell, es
Nunca más vuelo con ustedes a {city}, qué vergüenza de aerolínea.
# neutral, es
¿A qué hora sale el vuelo {flight} a {city}?
¿Puedo llevar dos maletas en el vuelo a {airport}?
¿Tienen atención en español? Mi reserva es {locator}.
Les mandé un mensaje directo con mi número de reserva.
# positive, es
¡Muchas gracias por la ayuda en {airport}, excelente servicio!
Gracias a {name} por encontrar mi maleta en {city}. ¡Los mejores!
¡Qué buen vuelo a {city}! Gracias a toda la tripulación.
"""
