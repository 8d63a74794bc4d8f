using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Chancery.Contracts.Reading;
using Chancery.Contracts.Word;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using static Chancery.Server.Tests.Contracts.ContractApi;

namespace Chancery.Server.Tests.Contracts;

/// <summary>Contracts that leave as files and come back.</summary>
public sealed class ContractFileTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_redline_read_back_is_the_old_text_and_then_the_new_one_under_its_author()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        await olga.EditAsync(id, 1, Replacing(draft.Spoken()[0].Id(), "Quite other words stand here."));

        var file = await ExportAsync(olga, $"{id}/export?format=docx&from=1");
        var read = await ImportAsync(olga, "/api/v1/contracts/import", file, "redline.docx");

        var contract = read.GetProperty("contract");
        var made = contract.ContractId();
        var revisions = (await olga.GetAsync($"/api/v1/contracts/{made}/revisions")).Items();
        Assert.Equal(2, revisions.Length);
        Assert.Equal(draft.Spoken().Select(Words), (await RevisionAsync(olga, made, 1)).Spoken().Select(Words));
        Assert.Equal(
            (await RevisionAsync(olga, id, 2)).Spoken().Select(Words),
            (await RevisionAsync(olga, made, 2)).Spoken().Select(Words)
        );
        Assert.All(revisions, revision => Assert.Equal("imported", revision.Text("source")));
    }

    [Fact]
    public async Task A_file_that_comes_back_changed_becomes_the_next_revision_of_the_same_clauses()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var sent = await ExportAsync(olga, $"{id}/export?format=docx");
        var clause = draft.Spoken()[1];
        var text = ContractWordReader.Read(new MemoryStream(sent)).Text;
        using var changed = new MemoryStream();
        ContractWordWriter.Write(
            text with
            {
                Clauses = Replaced(text.Clauses, clause.Id(), "The other side wrote this."),
            },
            new WordOptions(),
            changed
        );

        var read = await ImportAsync(olga, $"/api/v1/contracts/{id}/import", changed.ToArray(), "back.docx");

        Assert.Equal(2, read.GetProperty("contract").GetProperty("revision").GetProperty("number").GetInt32());
        var diff = (await olga.GetAsync($"/api/v1/contracts/{id}/diff?from=1&to=2")).GetProperty("difference");
        Assert.Equal(
            (1, 0, 0),
            (
                diff.GetProperty("changed").GetInt32(),
                diff.GetProperty("inserted").GetInt32(),
                diff.GetProperty("deleted").GetInt32()
            )
        );
    }

    [Fact]
    public async Task What_changed_here_while_a_file_was_out_stays_when_it_comes_back()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var (ours, theirs) = (draft.Spoken()[0].Id(), draft.Spoken()[1].Id());
        var sent = ContractWordReader.Read(new MemoryStream(await ExportAsync(olga, $"{id}/export?format=docx")));
        await olga.EditAsync(id, 1, Replacing(ours, "We changed this meanwhile."));
        byte[] Back(Guid clause, string text)
        {
            using var file = new MemoryStream();
            ContractWordWriter.Write(
                sent.Text with
                {
                    Clauses = Replaced(sent.Text.Clauses, clause, text),
                },
                new WordOptions { Mark = sent.Mark },
                file
            );
            return file.ToArray();
        }

        var path = $"/api/v1/contracts/{id}/import";
        await ImportAsync(olga, path, Back(theirs, "They changed that."), "back.docx");
        using var form = KnowledgeApi.Form(Back(ours, "They changed this too."), "conflict.docx");
        using var refused = await olga.Http.PostAsync(path, form, Cancel);
        var conflict = await KnowledgeApi.BodyAsync(refused, HttpStatusCode.Conflict);

        var now = await olga.GetAsync($"/api/v1/contracts/{id}");
        Assert.Equal(3, now.GetProperty("revision").GetProperty("number").GetInt32());
        var texts = now.Clauses().ToDictionary(clause => clause.Id(), clause => clause.Text("source"));
        Assert.Equal("We changed this meanwhile.", texts[ours]);
        Assert.Equal("They changed that.", texts[theirs]);
        Assert.EndsWith("merge-conflict", conflict.Text("type"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Our_own_redline_that_comes_back_unchanged_adds_nothing()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        await olga.EditAsync(id, 1, Replacing(draft.Spoken()[0].Id(), "The second version."));
        var redline = await ExportAsync(olga, $"{id}/export?format=docx&from=1");
        using var form = KnowledgeApi.Form(redline, "redline.docx");

        using var refused = await olga.Http.PostAsync($"/api/v1/contracts/{id}/import", form, Cancel);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal(2, (await olga.GetAsync($"/api/v1/contracts/{id}/revisions")).Items().Length);
    }

    [Fact]
    public async Task Comments_that_come_back_are_not_there_twice()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        var comments = $"/api/v1/contracts/{id}/comments";
        var clause = draft.Spoken()[1].Id();
        await olga.PostAsync(comments, new { text = "Agreed?", clause_id = clause }, HttpStatusCode.Created);
        var sent = ContractWordReader.Read(new MemoryStream(await ExportAsync(olga, $"{id}/export?format=docx")));
        using var file = new MemoryStream();
        ContractWordWriter.Write(
            sent.Text,
            new WordOptions
            {
                Mark = sent.Mark,
                Comments =
                [
                    .. sent.Comments,
                    new WordComment(clause, "Counsel of Beta", TimeProvider.System.GetUtcNow(), "Not yet.", [], false),
                ],
            },
            file
        );

        await ImportAsync(olga, $"/api/v1/contracts/{id}/import", file.ToArray(), "back.docx");

        var said = (await olga.GetAsync(comments)).Items();
        Assert.Equal(["Agreed?", "Not yet."], said.Select(comment => comment.Text("text")));
        Assert.Equal("Counsel of Beta", said[1].Text("author"));
        Assert.All(said, comment => Assert.Equal(clause, comment.GetProperty("clause_id").GetGuid()));
    }

    [Fact]
    public async Task Termination_finds_what_ends_a_contract_under_any_heading()
    {
        var olga = await chancery.SignUpAsync("Termination");
        var file = new StringBuilder("HOSTING AGREEMENT\n\n");
        (string Heading, string Text)[] clauses =
        [
            ("Fees", "The customer pays the fees within thirty days of each invoice."),
            ("How we part", "Either party may terminate this agreement on thirty days' written notice."),
            (
                "Insolvency",
                "If a party becomes insolvent, the other may end this agreement with immediate effect by notice."
            ),
            ("Notices", "Notices are given in writing to the address above."),
        ];
        foreach (var (number, clause) in clauses.Index())
        {
            file.Append(CultureInfo.InvariantCulture, $"{number + 1}. {clause.Heading}\n\n{clause.Text}\n\n");
        }

        await ImportAsync(olga, "/api/v1/contracts/import", Encoding.UTF8.GetBytes(file.ToString()), "hosting.txt");
        var found = (await olga.PostAsync("/api/v1/contracts/search", new { query = "termination" })).Results();

        Assert.Equal(
            ["How we part", "Insolvency"],
            found.Take(2).Select(one => one.Text("heading")).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_long_text_is_read_as_it_stands_whatever_parts_it_is_cut_into_on_the_way()
    {
        var olga = await chancery.SignUpAsync();
        var file = new StringBuilder("SERVICE AGREEMENT\n\n");
        for (var number = 1; number <= 60; number++)
        {
            // Paragraphs that are wrapped by hand, and one now and then that stands in one long line.
            file.Append(CultureInfo.InvariantCulture, $"{number}. Matter {number}\n\n");
            for (var line = 1; line <= 14; line++)
            {
                file.Append(
                        CultureInfo.InvariantCulture,
                        $"in line {line} of matter {number} the supplier keeps its word,"
                    )
                    .Append(number % 7 == 0 ? ' ' : '\n');
            }

            file.Append("and nothing else.\n\n");
        }

        var text = file.ToString();
        var expected = ContractTextReader.Read(text, new ReadingHints { Title = "agreement" }).Text;

        var read = await ImportAsync(olga, "/api/v1/contracts/import", Encoding.UTF8.GetBytes(text), "agreement.txt");

        Assert.Equal(60, expected.Clauses.Count);
        Assert.Equal(
            expected.Clauses.Select(clause => (clause.Heading, clause.Text)),
            read.GetProperty("contract").Clauses().Select(clause => (clause.Text("heading"), clause.Text("text")))
        );
    }

    [Fact]
    public async Task A_bundle_holds_every_revision_and_its_signature_counts_with_the_published_keys()
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var id = draft.ContractId();
        await olga.EditAsync(id, 1, Replacing(draft.Spoken()[0].Id(), "A second version."));

        var file = await ExportAsync(olga, $"{id}/export?format=bundle");

        using var zip = new ZipArchive(new MemoryStream(file));
        var files = new Dictionary<string, byte[]>();
        foreach (var entry in zip.Entries)
        {
            await using var stream = await entry.OpenAsync(Cancel);
            using var content = new MemoryStream();
            await stream.CopyToAsync(content, Cancel);
            files[entry.FullName] = content.ToArray();
        }

        Assert.Equal(
            ["contract.json", "manifest.json", "revisions/00001.json", "revisions/00002.json", "signature.jws"],
            files.Keys.Order(StringComparer.Ordinal)
        );
        using var nobody = chancery.Anonymous();
        var keys = new JsonWebKeySet(
            await nobody.GetStringAsync(new Uri("/.well-known/audit-keys.json", UriKind.Relative), Cancel)
        ).GetSigningKeys();
        var signature = Encoding.UTF8.GetString(files["signature.jws"]);
        var parameters = new TokenValidationParameters
        {
            IssuerSigningKeys = keys,
            ValidateAudience = false,
            ValidateIssuer = false,
            ValidateLifetime = false,
            RequireExpirationTime = false,
        };
        Assert.True(new JsonWebTokenHandler().ValidateToken(signature, parameters).IsValid);
        var middle = signature.IndexOf('.', StringComparison.Ordinal) + 10;
        var forged = signature[..middle] + (signature[middle] == 'A' ? 'B' : 'A') + signature[(middle + 1)..];
        Assert.False(new JsonWebTokenHandler().ValidateToken(forged, parameters).IsValid);

        Assert.Equal("chancery-contract-bundle+jwt", new JsonWebToken(signature).Typ);
        Assert.Equal("ES256", new JsonWebToken(signature).Alg);
        var signed = JsonSerializer.Deserialize<JsonElement>(Base64UrlEncoder.DecodeBytes(signature.Split('.')[1]));
        Assert.Equal(id, signed.GetProperty("contract").GetGuid());
        foreach (var one in signed.GetProperty("files").EnumerateObject())
        {
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(files[one.Name])), one.Value.GetString());
        }

        Assert.Contains(
            "A second version.",
            Encoding.UTF8.GetString(files["revisions/00002.json"]),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("pdf", "%PDF-")]
    [InlineData("markdown", "# ")]
    public async Task A_contract_leaves_to_be_printed_and_to_be_read(string format, string begin)
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();

        var file = await ExportAsync(olga, $"{draft.ContractId()}/export?format={format}");

        Assert.StartsWith(begin, Encoding.Latin1.GetString(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("format=docx&from=7", HttpStatusCode.NotFound)]
    [InlineData("format=docx&revision=9", HttpStatusCode.NotFound)]
    [InlineData("format=exe", HttpStatusCode.BadRequest)]
    [InlineData("format=pdf&from=1", HttpStatusCode.BadRequest)]
    public async Task What_cannot_be_exported_is_refused_with_a_reason(string query, HttpStatusCode expected)
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();

        var problem = await olga.GetAsync($"/api/v1/contracts/{draft.ContractId()}/export?{query}", expected);

        Assert.True(problem.Text("detail").Length > 0);
    }

    [Theory]
    [InlineData("cut.docx")]
    [InlineData("empty.docx")]
    [InlineData("noise.pdf")]
    public async Task A_file_that_cannot_be_read_makes_no_contract(string name)
    {
        var olga = await chancery.SignUpAsync();
        var draft = await olga.DraftAsync();
        var whole = await ExportAsync(olga, $"{draft.ContractId()}/export?format=docx");
        byte[] content = name switch
        {
            "cut.docx" => whole[..(whole.Length / 2)],
            "empty.docx" => [],
            _ => [.. Enumerable.Range(0, 2000).Select(i => (byte)(i * 37))],
        };
        using var form = KnowledgeApi.Form(content, name);

        using var response = await olga.Http.PostAsync("/api/v1/contracts/import", form, Cancel);

        var said = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True((int)response.StatusCode is >= 400 and < 500, $"{response.StatusCode}: {said}");
        Assert.Single((await olga.GetAsync("/api/v1/contracts")).Items());
    }

    private static IReadOnlyList<Chancery.Contracts.Clause> Replaced(
        IReadOnlyList<Chancery.Contracts.Clause> clauses,
        Guid id,
        string text
    ) =>
        [
            .. clauses.Select(clause =>
                clause with
                {
                    Text = clause.Id == id ? text : clause.Text,
                    Children = Replaced(clause.Children, id, text),
                }
            ),
        ];

    private static string Words(JsonElement clause) =>
        $"{clause.Text("label")} {clause.Text("heading")} {clause.Text("text")}";

    private static Task<JsonElement> RevisionAsync(TestUser user, Guid id, int number) =>
        user.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/contracts/{id}/revisions/{number}"));

    private static async Task<byte[]> ExportAsync(TestUser user, string path)
    {
        using var response = await user.Http.GetAsync($"/api/v1/contracts/{path}", Cancel);
        var content = await response.Content.ReadAsByteArrayAsync(Cancel);
        Assert.True(response.IsSuccessStatusCode, Encoding.UTF8.GetString(content));
        return content;
    }

    private static async Task<JsonElement> ImportAsync(TestUser user, string path, byte[] content, string name)
    {
        using var form = KnowledgeApi.Form(content, name);
        using var response = await user.Http.PostAsync(path, form, Cancel);
        return await KnowledgeApi.BodyAsync(response, HttpStatusCode.Created);
    }
}
