"""One consistent copy of the three databases, taken while everything runs, and the way back from it.

The databases are the truth; Kafka only carries what they tell, so it is not copied: a restore begins with empty topics.
"""
