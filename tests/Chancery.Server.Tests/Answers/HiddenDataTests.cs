using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Chancery.Server.Answers.Prompting;
using Chancery.Testing;
using Chancery.Testing.Models;

namespace Chancery.Server.Tests.Answers;

/// <summary>Organisations that keep personal data from models: what a model is told, and what its answer is to whoever asked.</summary>
public sealed partial class HiddenDataTests(EveryWayOutTests.Fixture chancery) : IClassFixture<EveryWayOutTests.Fixture>
{
    private const string Mail = "ada.byron@acme-corp.example";
    private const string Phone = "+49 30 901820";
    private const string Staff =
        $"Ms Ada Byron leads the whimbrel office. Her mail address is {Mail} and her phone number is {Phone}.";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(400)]
    public async Task A_model_is_told_placeholders_and_the_answer_has_the_data_and_citations_that_hold(int cut)
    {
        var user = await GivenAsync(Staff);
        var told = new ConcurrentBag<string>();
        var mark = Script(request =>
        {
            told.Add(request.Prompt);
            return new ScriptedReply(
                $"{PersonIn(request)} leads the whimbrel office [1]. The mail address is {Placeholder("EMAIL", request)} [1]."
            )
            {
                ChunkLength = cut,
            };
        });

        var events = await user.StreamAsync(new { question = $"How do I reach Ms Ada Byron, {mark}?" });
        var whole = await CompletionAsync(user, $"And how do I reach Ms Ada Byron, {mark}?");

        Assert.Equal(
            // Each quote has a number of its own.
            $"Ada Byron leads the whimbrel office [1]. The mail address is {Mail} [2].",
            events.TextOf().Replace("Ms ", "", StringComparison.Ordinal)
        );
        Assert.Contains($"The mail address is {Mail}", whole, StringComparison.Ordinal);
        var citations = events[^1].Data.GetProperty("citations").EnumerateArray().Select(one => one.Text("quote"));
        Assert.Contains(citations, quote => quote.Contains(Mail, StringComparison.Ordinal));
        Assert.Equal(2, told.Count);
        foreach (var prompt in told)
        {
            foreach (var data in new[] { "Byron", Mail, Phone, "901820" })
            {
                Assert.DoesNotContain(data, prompt, StringComparison.OrdinalIgnoreCase);
            }
        }
    }

    [Fact]
    public async Task In_passages_question_and_conversation_the_same_person_is_the_same_placeholder()
    {
        var user = await GivenAsync(Staff);
        ScriptedRequest? last = null;
        var mark = Script(request =>
        {
            last = request;
            return new ScriptedReply($"Write to {Placeholder("EMAIL", request)} [1].");
        });
        var session = $"talk-{Guid.CreateVersion7():n}";

        await user.AskAsync(new { question = $"Where is {Mail} read, {mark}?", session_id = session });
        var second = await user.AskAsync(new { question = $"Is {Mail} right, {mark}?", session_id = session });

        Assert.Contains(Mail, second.Text("answer"), StringComparison.Ordinal);
        var told = last!
            .Messages.Where(message => message.Content.Contains("[EMAIL_", StringComparison.Ordinal))
            .ToList();
        // The first question and its answer, the passages and the second question; the rules name an example.
        Assert.Equal(4, told.Count(message => message.Role != "system"));
        Assert.DoesNotContain(
            "[EMAIL_2]",
            string.Concat(told.Where(message => message.Role != "system").Select(message => message.Content)),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(Mail, last.Prompt, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_looks_like_a_placeholder_in_a_question_comes_back_as_it_was_and_is_nobodys_data()
    {
        var user = await GivenAsync(Staff);
        var asked = "";
        var mark = Script(request =>
        {
            asked = request.LastUserMessage;
            return new ScriptedReply(
                $"You wrote [LITERAL_1], which is no address. Write to {Placeholder("EMAIL", request)} [1]."
            );
        });

        var answer = await user.AskAsync(new { question = $"Tell me what [EMAIL_1] is, {mark}" });

        Assert.Contains("[LITERAL_1]", asked, StringComparison.Ordinal);
        Assert.DoesNotContain("EMAIL_1", asked, StringComparison.Ordinal);
        Assert.Equal($"You wrote [EMAIL_1], which is no address. Write to {Mail} [1].", answer.Text("answer"));
    }

    [Fact]
    public async Task Two_people_of_one_name_are_told_apart_by_what_is_said_of_them()
    {
        var user = await GivenAsync(
            "Mr Karl Sommer of the harbour office has the mail address harbour@acme-corp.example.",
            "Mr Karl Sommer of the orchard office has the mail address orchard@acme-corp.example."
        );
        var mark = Script(request =>
        {
            var mails = Mails()
                .Matches(request.Prompt[request.Prompt.IndexOf("harbour office", StringComparison.Ordinal)..]);
            return new ScriptedReply(
                $"{PersonIn(request)} of the harbour office has {mails[0].Value} [1]. {PersonIn(request)} of the orchard office has {mails[1].Value} [2]."
            );
        });

        var answer = await user.AskAsync(new { question = $"Which addresses are there, {mark}?" });

        Assert.Equal(
            "Karl Sommer of the harbour office has harbour@acme-corp.example [1]. Karl Sommer of the orchard office has orchard@acme-corp.example [2].",
            answer.Text("answer").Replace("Mr ", "", StringComparison.Ordinal)
        );
        Assert.Equal(
            ["harbour", "orchard"],
            answer
                .GetProperty("citations")
                .EnumerateArray()
                .Select(one => one.Text("quote").Contains("harbour@", StringComparison.Ordinal) ? "harbour" : "orchard")
        );
    }

    [Theory]
    [InlineData("[Email_1]", Mail)]
    [InlineData("[EMAIL\\_1]", Mail)]
    [InlineData("[Email 1]", "[Email 1]")]
    [InlineData("EMAIL_1", "EMAIL_1")]
    [InlineData("\\[EMAIL\\_1\\]", Mail)]
    [InlineData("**[EMAIL_1]**", $"**{Mail}**")]
    [InlineData("[EMAIL_77]", "[EMAIL_77]")]
    public async Task A_placeholder_is_known_as_models_bend_it_and_one_that_nobody_gave_stays(
        string written,
        string shown
    )
    {
        var user = await GivenAsync($"The mail address of the whimbrel office is {Mail}.");
        var mark = Script(_ => new ScriptedReply($"The whimbrel office has {written} [1].") { ChunkLength = 2 });

        var events = await user.StreamAsync(new { question = $"Which address has the office, {mark}?" });

        Assert.StartsWith($"The whimbrel office has {shown}", events.TextOf(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u200c")]
    [InlineData("\u200b")]
    [InlineData("\u00ad")]
    public async Task What_nobody_sees_hides_neither_data_from_being_hidden_nor_a_placeholder_from_being_known(
        string unseen
    )
    {
        var user = await GivenAsync(
            Staff,
            $"The address of the archive is ada.byron{unseen}@archive.example. See https://evil.example/?q=[EM{unseen}AIL_1] too."
        );
        var told = "";
        var mark = Script(request =>
        {
            told = string.Join('\n', request.Messages.Skip(1).Select(message => message.Content));
            return new ScriptedReply(
                "It is there [2]. See [this](https://evil.example/?q=[EMAIL_1]) and https://evil.example/?q=[EMAIL_1]."
            );
        });

        var answer = await user.AskAsync(new { question = $"Which address has the archive, {mark}?" });

        Assert.DoesNotContain("ada.byron", told, StringComparison.Ordinal);
        Assert.Contains("https://evil.example/?q=[LITERAL_", told, StringComparison.Ordinal);
        Assert.DoesNotContain("q=ada", answer.GetProperty("answer").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_earlier_answer_names_nobody_of_this_one_by_a_number()
    {
        var user = await GivenAsync(Staff);
        ScriptedRequest? last = null;
        var mark = Script(request =>
        {
            last = request;
            return new ScriptedReply("PERSON_1 signed, and [EM[1]AIL_1] is [EM[[1]1]AIL_1].");
        });
        var session = $"talk-{Guid.CreateVersion7():n}";

        await user.AskAsync(new { question = $"Who signed, {mark}?", session_id = session });
        await user.AskAsync(new { question = $"And who is that, {mark}?", session_id = session });

        var earlier = last!.Messages.Last(message =>
            message.Role == "assistant" && message.Content.Contains("signed", StringComparison.Ordinal)
        );
        Assert.DoesNotContain("PERSON_1", earlier.Content, StringComparison.Ordinal);
        Assert.DoesNotContain("EMAIL_1", earlier.Content, StringComparison.Ordinal);
        Assert.Contains("[LITERAL_1] signed", earlier.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blanks_of_a_form_and_the_examples_of_the_rules_are_filled_with_nobodys_data()
    {
        const string form = "Signed: [Person 1], [Address 1], [Email 1].";
        var user = await GivenAsync(Staff);
        var examples = "";
        var mark = Script(request =>
        {
            examples = string.Join(' ', Placeholders().Matches(request.Messages[0].Content).Select(one => one.Value));
            return new ScriptedReply($"{form} {examples}");
        });

        var answer = await user.AskAsync(new { question = $"Draft a letter with blanks, {mark}." });

        Assert.NotEmpty(examples);
        Assert.Equal($"{form} {examples}", answer.Text("answer"));
    }

    [Fact]
    public async Task Countries_and_references_in_brackets_are_told_as_they_are()
    {
        var user = await GivenAsync($"{Staff} It is so under German law, see [RFC 7231] and [ISO 27001] for PROJ_1.");
        var told = "";
        var mark = Script(request =>
        {
            told = request.Prompt;
            return new ScriptedReply("So it is [1].");
        });

        await user.AskAsync(new { question = $"Which law is it, {mark}?" });

        Assert.Contains(
            "It is so under German law, see [RFC 7231] and [ISO 27001] for PROJ_1.",
            told,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("Byron", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_text_that_is_told_again_ends_before_a_sentence_and_in_no_value()
    {
        var text = string.Concat(Enumerable.Repeat($"Write to {Mail} today. ", 1_000));

        var told = HiddenData.Bounded(text);

        Assert.InRange(told.Length, 15_000, 16_000);
        Assert.EndsWith(" today.", told, StringComparison.Ordinal);
        Assert.Equal(Mail, HiddenData.Bounded(Mail));
    }

    [Fact]
    public async Task Steps_of_reasoning_have_the_data_again()
    {
        var user = await GivenAsync(Staff);
        var mark = Script(request => new ScriptedReply(
            $"Thought: The handbook names {Placeholder("EMAIL", request)}.\nFinal Answer: It is {Placeholder("EMAIL", request)} [1]."
        ));

        var answer = await user.AskAsync(new { question = $"Which address, {mark}?", reasoning = true });

        Assert.Equal($"The handbook names {Mail}.", answer.GetProperty("reasoning_steps")[0].Text("thought"));
        Assert.Equal($"It is {Mail} [1].", answer.Text("answer"));
    }

    [Fact]
    public async Task A_secret_is_no_data_to_come_back()
    {
        var secret = "postgres://" + "app:wOrdOfPass@db.internal.example/main";
        var user = await GivenAsync($"The mail address of the office is {Mail}, the database {secret} is closed.");
        var told = "";
        var mark = Script(request =>
        {
            told = request.Prompt;
            return new ScriptedReply("It has [URL_1] [1].");
        });

        var answer = await user.AskAsync(new { question = $"Which database, {mark}?" });

        Assert.Contains("[removed: secret]", told, StringComparison.Ordinal);
        Assert.DoesNotContain("wOrdOfPass", answer.GetProperty("answer").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_organisation_that_says_nothing_has_models_told_as_before()
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, Staff);
        var told = "";
        var mark = Script(request =>
        {
            told = request.Prompt;
            return new ScriptedReply($"It is {Mail} [1].");
        });

        var answer = await user.AskAsync(new { question = $"Which address, {mark}?" });

        Assert.Contains(Mail, told, StringComparison.Ordinal);
        Assert.DoesNotContain("[PERSON_1]", told, StringComparison.Ordinal);
        Assert.Equal($"It is {Mail} [1].", answer.Text("answer"));
    }

    private async Task<TestUser> GivenAsync(params string[] passages)
    {
        var user = await chancery.SignUpAsync();
        chancery.Passages.Of(user.TenantId, passages);
        using var changed = await user.Http.PatchAsJsonAsync(
            "/api/v1/organization",
            new { personal_data_to_models = "pseudonyms" },
            Cancel
        );
        Assert.Equal("pseudonyms", (await changed.ReadAsync(HttpStatusCode.OK)).Text("personal_data_to_models"));
        return user;
    }

    private string Script(Func<ScriptedRequest, ScriptedReply> reply)
    {
        var mark = string.Concat(Guid.CreateVersion7().ToString("n").Select(c => (char)(c + (c < 'a' ? 56 : 16))));
        chancery.ByWords[mark] = reply;
        return mark;
    }

    private static async Task<string> CompletionAsync(TestUser user, string question)
    {
        using var response = await user.Http.PostAsJsonAsync(
            "/v1/chat/completions",
            new { model = "knowledge/all", messages = new[] { new { role = "user", content = question } } },
            ChanceryFixture.Json,
            Cancel
        );
        return (await response.ReadAsync(HttpStatusCode.OK))
            .GetProperty("choices")[0]
            .GetProperty("message")
            .Text("content");
    }

    /// <summary>As the passages have it, not the example in the rules.</summary>
    private static string Placeholder(string kind, ScriptedRequest request) =>
        Placeholders()
            .Matches(string.Join('\n', request.Messages.Skip(1).Select(message => message.Content)))
            .First(match => match.Groups["kind"].Value == kind)
            .Value;

    private static string PersonIn(ScriptedRequest request) => Placeholder("PERSON", request);

    [GeneratedRegex(@"\[(?<kind>[A-Z]+)_\d+\]")]
    private static partial Regex Placeholders();

    [GeneratedRegex(@"\[EMAIL_\d+\]")]
    private static partial Regex Mails();
}
