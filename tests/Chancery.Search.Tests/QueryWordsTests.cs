using Chancery.Search.Engine;
using Chancery.Search.Languages;

namespace Chancery.Search.Tests;

public sealed class QueryWordsTests
{
    private static readonly LanguageSet GermanToo = LanguageSet.English.With(Language.German);

    [Fact]
    public void Three_German_words_are_looked_for_in_German_and_in_English()
    {
        var query = QueryWords.Parse("Kündigungsfristen gewerblicher Räume", GermanToo);

        Assert.Equal(
            ["kundigungsfristen|kundigungsfrist", "gewerblich|gewerb", "raum"],
            query.Words.Select(word => string.Join('|', word.Terms))
        );
    }

    [Fact]
    public void Grammar_of_the_language_that_is_asked_in_carries_no_content()
    {
        Assert.Equal(["universitat", "gegrundet"], Terms("Wann wurde die Universität gegründet?", Language.German));
        Assert.Contains("die", Terms("how do the cells of a plant die", Language.English));
    }

    [Fact]
    public void Without_another_language_a_query_is_as_in_English()
    {
        const string question = "What did the tenants of the building pay, and when did tenants pay it?";

        var query = QueryWords.Parse(question, default);

        Assert.Equal(TextAnalyzer.ContentTerms(question).Order(), query.Terms.Order());
        Assert.Equal(2, query.Words.Single(word => word.In(Language.English) == "tenant").Count);
    }

    [Theory]
    [InlineData("Kündigungsfrist", "german")]
    [InlineData("Kündigungsfristen", "german")]
    [InlineData("termination periods", "english")]
    [InlineData("préavis des locataires", "french")]
    [InlineData("\"gesetzliche Fristen\"", "german")]
    [InlineData("fristen -english", "german")]
    [InlineData("Siemens", "german english")]
    public void An_index_of_several_languages_answers_in_each(string query, string found)
    {
        string[] names = ["german", "english", "french"];
        var index = new SearchIndex(new SearchIndexOptions());
        index.Apply(
            new IndexChanges(new IndexRevision(1, default))
            {
                Passages =
                [
                    Passage(
                        0,
                        "Die Kündigungsfrist richtet sich nach den gesetzlichen Fristen, die für Siemens gelten."
                    ),
                    Passage(1, "The termination period of the contract with Siemens is that of the English law."),
                    Passage(2, "Le préavis du locataire est de trois mois à compter de la notification."),
                ],
            },
            TestContext.Current.CancellationToken
        );

        var hits = index.Search(new SearchRequest { Text = query }).Hits;

        Assert.Equal(
            found.Split(' ').Order(),
            hits.Select(hit => names[BitConverter.ToInt32(hit.PassageId.ToByteArray())]).Order()
        );

        static IndexedPassage Passage(int place, string text)
        {
            var id = new Guid(place, 0, 0, [1, 0, 0, 0, 0, 0, 0, 0]);
            return new IndexedPassage(id, new IndexedDocument(id), 0, text);
        }
    }

    [Theory]
    [InlineData("Kündigungsfrist", "Es gelten die Kündigungsfristen des Vertrags.", "Kündigungsfristen")]
    [InlineData("université", "Les universités sont dans la ville.", "universités")]
    public void Matches_in_another_language_are_marked(string query, string passage, string mark)
    {
        Assert.Equal(mark, Assert.Single(Highlighter.Find(query, passage)).In(passage).ToString());
    }

    private static IEnumerable<string> Terms(string question, Language language) =>
        QueryWords.Parse(question, GermanToo).Words.Select(word => word.In(language));
}
