"""Text for people: terminals, HTML tables, spreadsheets, lists in a sentence."""
