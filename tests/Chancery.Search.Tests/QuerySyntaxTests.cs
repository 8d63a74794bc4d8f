namespace Chancery.Search.Tests;

public sealed class QuerySyntaxTests
{
    [Theory]
    [InlineData("notice period", "notice period")]
    [InlineData("\"notice period\" tenant", "[notice period] tenant")]
    [InlineData("rent -deposit", "rent !deposit")]
    [InlineData("rent -\"security deposit\"", "rent ![security deposit]")]
    [InlineData("„notice period“", "[notice period]")]
    [InlineData("\"word\"", "word")]
    [InlineData("\"open phrase", "open phrase")]
    [InlineData("say \"\" nothing", "say nothing")]
    [InlineData("cold -5 - degrees", "cold -5 - degrees")]
    [InlineData("well-known", "well-known")]
    [InlineData("-only -excluded", "only excluded")]
    [InlineData("a\"b c\"d", "a [b c] d")]
    [InlineData("--double", "--double")]
    [InlineData("   ", "")]
    public void A_query_is_words_phrases_and_exclusions(string query, string clauses)
    {
        var parsed = QuerySyntax.Parse(query).Clauses;

        Assert.Equal(
            clauses,
            string.Join(
                ' ',
                parsed.Select(clause =>
                    (clause.IsExcluded ? "!" : "") + (clause.IsPhrase ? $"[{clause.Text}]" : clause.Text)
                )
            )
        );
    }

    [Theory]
    [InlineData("title:rent", "title=rent")]
    [InlineData("-title:rent roof", "!title=rent roof")]
    [InlineData("Heading:\"notice period\"", "heading=[notice period]")]
    [InlineData("title: rent", "title: rent")]
    [InlineData("title:", "title:")]
    [InlineData("body:(rent)", "body:(rent)")]
    [InlineData("subtitle:rent", "subtitle:rent")]
    [InlineData("title:\"open", "title=open")]
    [InlineData("title:title:rent", "title=title:rent")]
    public void A_field_before_a_word_or_phrase_is_one_only_where_it_is_asked_for(string query, string clauses)
    {
        var parsed = QuerySyntax.Parse(query, withFields: true).Clauses;

        Assert.Equal(
            clauses,
            string.Join(
                ' ',
                parsed.Select(clause =>
                    (clause.IsExcluded ? "!" : "")
                    + (clause.Field is null ? "" : $"{clause.Field}=")
                    + (clause.IsPhrase ? $"[{clause.Text}]" : clause.Text)
                )
            )
        );
        Assert.All(QuerySyntax.Parse(query).Clauses, clause => Assert.Null(clause.Field));
    }

    [Fact]
    public void No_query_is_an_error_and_none_excludes_everything()
    {
        Properties.HoldForAnyText(text =>
        {
            var parsed = QuerySyntax.Parse(text);

            Assert.All(parsed.Clauses, clause => Assert.NotEqual("", clause.Text.Trim()));
            Assert.True(parsed.Clauses.Count == 0 || parsed.Clauses.Any(clause => !clause.IsExcluded));
        });
    }
}
