using System.Collections.Concurrent;
using System.Net;
using Chancery.Server.Access.Lifecycle.Erasing;
using Chancery.Server.Access.Mail;
using Chancery.Server.Tests.Knowledge;
using Chancery.Testing;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Access.Lifecycle;

/// <summary>Letters to owners are on their way with what they tell of, and stay on it until the mail server takes them.</summary>
public sealed class OwnerLetterTests(OwnerLetterTests.Fixture chancery) : IClassFixture<OwnerLetterTests.Fixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_order_its_end_and_a_second_order_until_the_organisation_is_gone_reach_all_owners()
    {
        var olga = await chancery.SignUpAsync("Rook Ltd");
        var oleg = await chancery.InviteAsync(olga, "admin");
        await CountAsync("UPDATE memberships SET role = 'owner' WHERE user_id = @to::uuid", $"{oleg.UserId}");
        chancery.Mail.Refuses.TryAdd(olga.Email, true);
        await OrderAsync(olga, "Rook Ltd");

        // The mail server takes the one, and goes on refusing the other.
        await SentAsync(oleg.Email, "Your organisation is going to be erased");
        await AccessApi.EventuallyAsync(() => Task.FromResult(chancery.Mail.Refused[olga.Email] > 2), Patience);
        Assert.Equal(1, await CountAsync("SELECT count(*) FROM owner_letters WHERE recipient = @to", olga.Email));
        chancery.Mail.Refuses.Clear();
        await SentAsync(olga.Email, "Your organisation is going to be erased");

        using (var back = await olga.Http.DeleteAsync("/api/v1/organization/erasure", Cancel))
        {
            Assert.Equal(HttpStatusCode.NoContent, back.StatusCode);
        }

        await SentAsync(olga.Email, "Your organisation is not going to be erased");

        // What is told at the end was put aside before the addresses went, and could not leave until then.
        chancery.Mail.Refuses.TryAdd(olga.Email, true);
        var order = await OrderAsync(olga, "Rook Ltd");
        await CountAsync("UPDATE erasure_receipts SET begins_at = now() WHERE erasure_id = @to::uuid", order);
        await CountAsync(
            "UPDATE work_items SET run_after = now() WHERE kind = 'erase-organization' AND subject ->> 'erasure' = @to",
            order
        );
        await AccessApi.EventuallyAsync(
            async () =>
                await CountAsync(
                    "SELECT count(*) FROM erasure_receipts WHERE state = 'done' AND erasure_id = @to::uuid",
                    order
                ) == 1,
            Patience
        );
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM users WHERE email = @to", olga.Email));
        chancery.Mail.Refuses.Clear();
        Assert.Contains(
            "Rook Ltd was erased",
            (await SentAsync(olga.Email, "Your organisation was erased")).Text,
            StringComparison.Ordinal
        );
        await SentAsync(oleg.Email, "Your organisation was erased");

        // Nothing of them stays.
        await AccessApi.EventuallyAsync(
            async () => await CountAsync("SELECT count(*) FROM owner_letters WHERE @to <> ''", olga.Email) == 0,
            Patience
        );
        foreach (var word in new[] { olga.Email, oleg.Email, "Rook Ltd" })
        {
            Assert.Equal(
                0,
                await CountAsync("SELECT count(*) FROM work_items AS w WHERE position(@to IN w::text) > 0", word)
            );
        }
    }

    [Fact]
    public async Task An_access_by_break_glass_is_told_of_when_the_mail_server_is_back()
    {
        var olga = await chancery.SignUpAsync("Heron Ltd");
        chancery.Mail.Refuses.TryAdd(olga.Email, true);
        using var http = chancery.Anonymous();
        using (
            var opened = await http.PostAsync(
                $"/operator/tenants/{olga.TenantId}/access",
                new { reason = "Ticket 4711: a handbook is not found" }
            )
        )
        {
            Assert.Equal(HttpStatusCode.Created, opened.StatusCode);
        }

        // Neither that the organisation is suspended keeps it.
        using var suspended = await http.PostAsync($"/operator/tenants/{olga.TenantId}/suspend", null, Cancel);
        await AccessApi.EventuallyAsync(
            () => Task.FromResult(chancery.Mail.Refused.GetValueOrDefault(olga.Email) > 0),
            Patience
        );
        chancery.Mail.Refuses.Clear();

        var letter = await SentAsync(olga.Email, "The operator opened your organisation's documents");
        Assert.Contains("Ticket 4711", letter.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_letter_that_nobody_takes_for_three_days_is_given_up_and_shows_as_failed()
    {
        var olga = await chancery.SignUpAsync("Crane Ltd");
        chancery.Mail.Refuses.TryAdd(olga.Email, true);
        await OrderAsync(olga, "Crane Ltd");
        const string id = "SELECT letter_id FROM owner_letters WHERE recipient = @to";
        var letter = await FindAsync<Guid>(id, olga.Email);

        await CountAsync(
            "UPDATE owner_letters SET queued_at = now() - interval '4 days' WHERE recipient = @to",
            olga.Email
        );

        await AccessApi.EventuallyAsync(
            async () =>
            {
                // Pauses between tries are not what is asked here.
                await CountAsync(
                    "UPDATE work_items SET run_after = now() WHERE work_id = @to::uuid AND state = 'queued'",
                    $"{letter}"
                );
                return await CountAsync(
                        "SELECT count(*) FROM work_items WHERE work_id = @to::uuid AND state = 'failed'",
                        $"{letter}"
                    ) == 1;
            },
            Patience
        );
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM owner_letters WHERE recipient = @to", olga.Email));
        chancery.Mail.Refuses.Clear();
    }

    private static async Task<string> OrderAsync(TestUser owner, string name) =>
        (await owner.PostAsync("/api/v1/organization/erasure", new { name }, HttpStatusCode.Accepted)).Text("id");

    private async Task<Letter> SentAsync(string to, string subject)
    {
        await AccessApi.EventuallyAsync(() => Task.FromResult(Find() is not null), Patience);
        return Find()!;

        Letter? Find() => chancery.Mail.Sent.FirstOrDefault(letter => letter.To == to && letter.Subject == subject);
    }

    private async Task<long> CountAsync(string sql, string to) => await FindAsync<long?>(sql, to) ?? 0;

    private async Task<T?> FindAsync<T>(string sql, string to)
    {
        await using var connection = await chancery.Owner.OpenConnectionAsync(Cancel);
        return await connection.ExecuteScalarAsync<T>(sql, new { to });
    }

    /// <summary>A mail server that refuses letters to some.</summary>
    public sealed class MoodyMail : IMailSender
    {
        public ConcurrentDictionary<string, bool> Refuses { get; } = new();

        /// <summary>How often, by address.</summary>
        public ConcurrentDictionary<string, int> Refused { get; } = new();

        public ConcurrentQueue<Letter> Sent { get; } = new();

        public Task SendAsync(Letter letter, CancellationToken cancellationToken)
        {
            if (Refuses.ContainsKey(letter.To))
            {
                Refused.AddOrUpdate(letter.To, 1, (_, times) => times + 1);
                throw new MailException("The mail server did not take the letter.");
            }

            Sent.Enqueue(letter);
            return Task.CompletedTask;
        }
    }

    public sealed class Fixture : ChanceryFixture
    {
        public MoodyMail Mail { get; } = new();

        public Fixture()
        {
            Settings["WORK_RETRY_MILLISECONDS"] = "50";
            ConfigureServices = services =>
            {
                services.AddSingleton<IMailSender>(Mail);
                services.AddSingleton(
                    new ErasureOptions
                    {
                        Settle = TimeSpan.FromMilliseconds(300),
                        Again = TimeSpan.FromMilliseconds(300),
                        FirstSweep = TimeSpan.FromMilliseconds(300),
                        SweepFor = TimeSpan.FromMinutes(2),
                    }
                );
            };
        }
    }
}
