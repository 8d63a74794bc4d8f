using System.Net;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Tests.Access;
using Chancery.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Chancery.Server.Tests.Audit;

/// <summary>The table is away, and comes back.</summary>
public sealed class OutageTests(ChanceryFixture chancery) : IClassFixture<ChanceryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_the_record_takes_nothing_successes_stay_successes_and_are_on_record_when_it_is_back()
    {
        var olga = await chancery.SignUpAsync();
        var trail = chancery.Services.GetRequiredService<AuditTrail>();
        await chancery.AsOwnerAsync("ALTER TABLE audit_inbox RENAME TO audit_inbox_away");
        var answers = new List<HttpStatusCode>();
        try
        {
            foreach (var name in new[] { "One", "Two", "Three" })
            {
                using var made = await olga.Http.PostAsync("/api/v1/collections", new { name });
                answers.Add(made.StatusCode);
            }

            using var read = await olga.Http.GetAsync(new Uri("/api/v1/docs", UriKind.Relative), Cancel);
            answers.Add(read.StatusCode);
            Assert.Equal(3, trail.Kept);
        }
        finally
        {
            await chancery.AsOwnerAsync("ALTER TABLE audit_inbox_away RENAME TO audit_inbox");
        }

        await AccessApi.EventuallyAsync(() => Task.FromResult(trail.Kept == 0), TimeSpan.FromSeconds(20));
        Assert.Equal(
            [HttpStatusCode.Created, HttpStatusCode.Created, HttpStatusCode.Created, HttpStatusCode.OK],
            answers
        );
        Assert.Equal(
            ["organization.created", "collection.created", "collection.created", "collection.created"],
            (await chancery.RecordOfAsync(olga.TenantId)).Select(row => row.Action)
        );
    }
}
