"""AIRE katas: a kata suite for the AI research engineer, judged by pytest."""

from aire_katas.kata import Kata

__all__ = ["Kata"]
