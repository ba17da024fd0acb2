"""A browser whose post signs in wherever its shift begins."""

from tests.desk.test_own_page import Browser


class Signed(Browser):
    """A browser that signs in wherever the post's shift begins."""

    def signs_in(self, post: str = "auditor") -> str:
        link = self.link(post)
        self.posts(f"{link}/code", link)
        answer = self.posts(f"{link}/session", f"{link}/code", code=self.code())
        return str(answer.headers["location"])
