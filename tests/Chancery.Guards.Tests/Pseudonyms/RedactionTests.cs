using System.Text;
using System.Text.Json;
using Chancery.Guards.PersonalData;
using Chancery.Guards.Pseudonyms;

namespace Chancery.Guards.Tests.Pseudonyms;

public sealed class RedactionTests
{
    private static readonly string[] _pieces =
    [
        "anna@x.example",
        "bo@x.example",
        "4111 1111 1111 1111",
        "[EMAIL_1]",
        "[EMAIL_",
        "1]",
        "[LITERAL_1]",
        "\\[",
        "[",
        "]",
        "_",
        "1",
        "EMAIL",
        "[email_2]",
        "\\]",
        "\\",
        "EMAIL_1",
        "Mr. Lee",
        "+49 30 901820",
        "\ud83d",
    ];

    [Fact]
    public void One_value_has_one_placeholder_in_all_texts_of_a_conversation()
    {
        var vault = new PersonalDataVault();

        var first = Redact("anna@x.example and bo@x.example", vault);
        var second = Redact("again bo@x.example", vault);

        Assert.Equal("[EMAIL_1] and [EMAIL_2]", first);
        Assert.Equal("again [EMAIL_2]", second);
    }

    [Fact]
    public void What_was_found_once_is_known_again_where_nothing_tells_it()
    {
        var vault = new PersonalDataVault();
        Redact("My name is Anna Berg, anna@x.example.", vault);

        Assert.Equal(
            "The parcel of [PERSON_1] is lost, not that of Anna Bergson; [EMAIL_1]_[EMAIL_1]",
            Redact("The parcel of Anna Berg is lost, not that of Anna Bergson; anna@x.example_anna@x.example", vault)
        );
    }

    [Fact]
    public void A_placeholder_that_somebody_wrote_does_not_give_them_what_is_behind_it()
    {
        var vault = new PersonalDataVault();
        Redact("anna@x.example", vault);

        var redacted = Redact("What is [EMAIL_1] and [email\\_1], and PERSON_2?", vault);

        Assert.Equal("What is [LITERAL_1] and [LITERAL_2], and [LITERAL_3]?", redacted);
        Assert.Equal("What is [EMAIL_1] and [email\\_1], and PERSON_2?", Redaction.Restore(redacted, vault));
    }

    [Theory]
    [InlineData("[RFC 7231], [ISO 27001] and [Section 12]")]
    [InlineData("[PROJ-1234], [PROJ_1234] and [Figure_2]")]
    [InlineData("[Address 1], [Person 2] and [ID-3]")]
    [InlineData("MY_PERSON_1, PERSON_1A, person_1, PERSON_0 and PERSON_")]
    public void What_is_no_placeholder_is_left_as_it_is(string text)
    {
        var vault = new PersonalDataVault();

        Assert.Equal(text, Redact(text, vault));
        Assert.Empty(vault.Entries);
    }

    [Fact]
    public void What_one_text_tells_of_a_name_holds_in_those_before_it()
    {
        var vault = new PersonalDataVault();

        var redacted = Redaction.RedactAll(
            ["The parcel of Anna Berg is lost.", "My name is Anna Berg."],
            PersonalDataOptions.Default,
            vault
        );

        Assert.Equal(["The parcel of [PERSON_1] is lost.", "My name is [PERSON_1]."], redacted.Select(one => one.Text));
    }

    [Theory]
    [InlineData("[EMAIL_1]")]
    [InlineData("[email_1]")]
    [InlineData("[Email_1]")]
    [InlineData("[EMAIL\\_1]")]
    [InlineData("\\[EMAIL_1\\]")]
    [InlineData("\\[EMAIL\\_1\\]")]
    public void Placeholders_are_known_however_a_model_writes_them(string written)
    {
        var vault = new PersonalDataVault();
        Redact("anna@x.example", vault);

        Assert.Equal("to anna@x.example!", Redaction.Restore($"to {written}!", vault));
    }

    [Theory]
    [InlineData("[EMAIL_2]")]
    [InlineData("[EMAIL_01]")]
    [InlineData("[EMAIL1]")]
    [InlineData("[EMAIL 1]")]
    [InlineData("[Email-1]")]
    [InlineData("[ EMAIL_1 ]")]
    [InlineData("[1]")]
    [InlineData("[PHONE_1]")]
    [InlineData("EMAIL_1")]
    public void What_is_no_placeholder_of_the_vault_stays(string written)
    {
        var vault = new PersonalDataVault();
        Redact("anna@x.example", vault);

        Assert.Equal(written, Redaction.Restore(written, vault));
    }

    [Fact]
    public void Every_text_comes_back_as_it_was_wherever_it_is_cut() =>
        AnyText.HoldCut(
            _pieces,
            (text, _) =>
            {
                var vault = new PersonalDataVault();
                Redact("anna@x.example before", vault);
                var redacted = Redact(text, vault);
                Assert.DoesNotContain("anna@x.example", redacted, StringComparison.Ordinal);
                Assert.Equal(text, Redaction.Restore(redacted, vault));

                var stream = new RestoringStream(vault);
                var restored = new StringBuilder();
                for (var at = 0; at < redacted.Length; at += 3)
                {
                    restored.Append(stream.Append(redacted.AsSpan(at, Math.Min(3, redacted.Length - at))));
                }

                Assert.Equal(text, restored.Append(stream.Complete()).ToString());
            }
        );

    [Fact]
    public void A_stream_holds_back_no_more_than_a_placeholder()
    {
        var stream = new RestoringStream(new());

        Assert.Equal("see ", stream.Append("see [EMA"));
        Assert.Equal("[EMA then", stream.Append(" then"));
        Assert.Equal("", stream.Append("["));
        Assert.Equal("[", stream.Complete());
    }

    [Fact]
    public void A_vault_is_kept_as_a_dictionary_and_goes_on_counting()
    {
        var vault = new PersonalDataVault();
        Redact("anna@x.example", vault);

        var kept = JsonSerializer.Deserialize<Dictionary<string, string>>(JsonSerializer.Serialize(vault.Entries))!;
        var again = new PersonalDataVault(kept);

        Assert.Equal("[EMAIL_1] [EMAIL_2]", Redact("anna@x.example bo@x.example", again));
        Assert.Throws<ArgumentException>(() =>
            new PersonalDataVault(new Dictionary<string, string> { ["email"] = "x" })
        );
    }

    private static string Redact(string text, PersonalDataVault vault) =>
        Redaction.Redact(text, PersonalDataOptions.Default, vault).Text;
}
