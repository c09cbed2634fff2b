"""How is it shown that nothing is lost?"""
