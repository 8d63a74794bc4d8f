using System.Threading.Channels;
using Chancery.Server.Access.Mail;
using Chancery.Server.Audit.Recording;
using Npgsql;

namespace Chancery.Server.Access.Passwords.Reset;

/// <summary>
/// Sends people who forgot their password a link. Behind the answer, which so takes as long and says the same whether an
/// account exists or not. Safe for concurrent use.
/// </summary>
internal sealed class ForgottenPasswords(
    PeopleStore people,
    PasswordResetStore store,
    IMailSender mail,
    MailSettings mailSettings,
    AccessSettings settings,
    AuditTrail trail,
    TimeProvider time,
    ILogger<ForgottenPasswords> logger
) : BackgroundService
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    private static readonly TimeSpan OneLetterEvery = TimeSpan.FromMinutes(5);

    // Beyond that a flood is dropped; whoever is not in it asks again.
    private readonly Channel<(string Email, string Address)> _asked = Channel.CreateBounded<(string, string)>(
        new BoundedChannelOptions(1_000) { FullMode = BoundedChannelFullMode.DropWrite }
    );

    /// <summary>Whether letters go anywhere on this installation.</summary>
    public bool IsPossible => mailSettings.IsPossible;

    /// <summary>Takes note; a letter follows where there is an account.</summary>
    public void Ask(string email, string address) => _asked.Writer.TryWrite((email, address));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (email, address) in _asked.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await SendAsync(email, address, stoppingToken);
            }
            catch (Exception exception) when (exception is MailException or NpgsqlException)
            {
                Log.LetterNotSent(logger, exception);
            }
        }
    }

    private async Task SendAsync(string email, string address, CancellationToken cancellationToken)
    {
        // Whoever belongs to no organisation just now, too: else nobody whom one made an account and switched off, or who left,
        // could prove ever again that the address is theirs.
        if (!IsPossible || await people.FindByEmailAsync(email, cancellationToken) is not { } user)
        {
            return;
        }

        var token = SecretText.Create();
        var now = time.GetUtcNow();
        if (
            await store.InsertAsync(
                user.UserId,
                SecretText.HashOf(token),
                now,
                now + Life,
                now - OneLetterEvery,
                cancellationToken
            )
        )
        {
            await mail.SendAsync(
                new Letter(
                    email,
                    "A new password for Chancery",
                    $"""
                    Somebody, you we hope, asked for a new password at {settings.PublicUrl}.

                    Choose one here, within an hour:

                    {settings.PublicUrl}/reset?token={token}

                    If it was not you, do nothing: your password stays as it is.

                    """
                ),
                cancellationToken
            );
            var tenants = await people.TenantsOfAsync(user.UserId, cancellationToken);
            await trail.RecordAsync(
                new AuditEvent(
                    AuditActor.Stranger with
                    {
                        Tenant = tenants is [var first, ..] ? first.Id : AuditActor.Installation,
                        PersonId = user.UserId,
                    },
                    "person.password_reset_asked",
                    AuditOutcome.Succeeded
                )
                {
                    SubjectKind = "person",
                    SubjectId = user.UserId.ToString(),
                    Address = address,
                }
            );
        }
    }
}
