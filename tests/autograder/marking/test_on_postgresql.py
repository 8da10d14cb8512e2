"""The pages on a real database server that is stopped and started again while somebody marks."""

from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.marking.pile import codes

from tests.autograder.gradebook.postgres import Server
from tests.autograder.marking.browsing import Browser
from tests.autograder.marking.classroom import LAB, fill, people


def test_two_people_mark_and_the_server_is_away_for_a_while(postgres: Server) -> None:
    address = postgres.database()
    with open_gradebook(address) as first, open_gradebook(address) as second:
        fill(first, people(6))
        names = codes(class_book(first, LAB))
        ada, ben = Browser(first), Browser(second, marker="Ben")
        path = f"/task/reflect-mean/{names['s000']}"
        ours, theirs = ada.get(path), ben.get(path)
        ben.send(theirs.marking, points="2", comment="Ça va: ≥ 2 🎓 שלום", do="save")
        choose = ada.send(ours.marking, 409, points="1", do="save")
        assert "Ça va: ≥ 2 🎓 שלום" in choose.text
        ada.send(choose.marking, do="save")

        page = ada.get(f"/task/reflect-mean/{names['s001']}")
        postgres.stop("immediate")
        try:
            away = ada.send(page.marking, 503, points="1.5", comment="Kept.", do="next")
        finally:
            postgres.start()
        assert away.marking.fields["comment"] == "Kept."
        ada.send(away.marking, do="next")
        marks = {each.student.id: each.marks[-1].by_hand for each in class_book(second, LAB).standings}
    said = {id_: (mark.score, mark.marker) for id_, mark in marks.items() if mark}
    assert said == {"s000": (1, "Ada"), "s001": (1.5, "Ada")}
