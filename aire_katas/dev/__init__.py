"""For those who write katas: the proof of a kata, and how strong its tests are."""
