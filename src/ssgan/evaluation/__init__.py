"""How safe is it, and how good are the covers?"""
