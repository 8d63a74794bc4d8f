using System.ComponentModel.DataAnnotations;
using Chancery.Server.Access.Authentication;
using Chancery.Server.Access.Lifecycle.BreakGlass;
using Chancery.Server.Access.Sessions;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Operators;
using Chancery.Server.Platform.Problems;
using Chancery.Server.Platform.Routing;
using Chancery.Server.Platform.Streams;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.OpenApi;

namespace Chancery.Server.Access.Lifecycle.Archiving;

/// <summary>A whole organisation as an archive: out by its owner or the operator, and in by the operator.</summary>
internal static class ArchiveEndpoints
{
    // How long an export goes on at most when the access that it needs has ended.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    private const int ShortestReason = 8;

    private const string PassphraseRule = "12 to 200 characters.";

    /// <param name="Passphrase">Seals the archive: without it nobody can read it. 12 to 200 characters.</param>
    public sealed record ExportRequest(
        [
            Required,
            StringLength(
                ArchiveSeal.LongestPassphrase,
                MinimumLength = ArchiveSeal.ShortestPassphrase,
                ErrorMessage = PassphraseRule
            )
        ]
            string Passphrase
    );

    /// <param name="Passphrase">Seals the archive: without it nobody can read it. 12 to 200 characters.</param>
    /// <param name="Reason">Why, in your words; the owners are told. 8 to 500 characters.</param>
    public sealed record OperatorExportRequest(
        [
            Required,
            StringLength(
                ArchiveSeal.LongestPassphrase,
                MinimumLength = ArchiveSeal.ShortestPassphrase,
                ErrorMessage = PassphraseRule
            )
        ]
            string Passphrase,
        [Required, StringLength(500, MinimumLength = ShortestReason)] string Reason
    );

    /// <param name="TenantId">As it was where the organisation came from.</param>
    /// <param name="Rows">In all tables.</param>
    /// <param name="Accounts">Accounts that were made: each needs a password first, by a link to its address.</param>
    /// <param name="LinkedAccounts">Members whose accounts were here.</param>
    /// <param name="MissingFiles">Files that were missing already where the organisation came from, by SHA-256.</param>
    /// <param name="WorkLeft">
    /// Pieces of background work in the archive that do not go on here: alerts on their way, and work that is not of something in the archive.
    /// </param>
    public sealed record ImportedTenant(
        Guid TenantId,
        string Name,
        string Plan,
        long Rows,
        long Files,
        long FileBytes,
        int Accounts,
        int LinkedAccounts,
        IReadOnlyList<string> MissingFiles,
        int WorkLeft
    );

    public static void Map(IEndpointRouteBuilder api, IEndpointRouteBuilder all)
    {
        api.MapPost("/organization/export", ExportOwnAsync)
            .Audited("organization.exported")
            .WithName("ExportOrganization")
            .NeedsStepUp()
            .WithCost(RouteCost.Costly)
            .WithSummary("Download everything of your organisation as a sealed archive")
            .WithDescription(
                "For owners. All of one moment: documents with their files, conversations of everybody, contracts, prompts, members, "
                    + "settings, usage and the record. Another installation's operator can import it. It is written as it is read: "
                    + "one that was cut off does not open. Passwords, second factors and sign-ins stay here, and secrets of API keys "
                    + "and applications, which have to be rotated where it is imported."
            )
            .RequirePermission(Permission.OrganizationManage)
            .RequirePerson()
            .WithExample(new RouteExample { Body = """{"passphrase": "a passphrase of {unique}"}""" })
            .Produces<Stream>(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status409Conflict);
        var operators = all.MapGroup("/operator/tenants").WithTags("Operator").RequireOperator();
        operators
            .MapPost("/{id:guid}/export", ExportAsync)
            .Audited("organization.exported")
            .WithName("ExportTenant")
            .WithSummary("Download everything of an organisation as a sealed archive")
            .WithDescription(
                "Needs an access by break-glass to the organisation that you opened, and stops when that ends; and a reason. It stands in "
                    + "the organisation's own record, and its owners are told by letter as it begins."
            )
            .Produces<Stream>(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        DescribesArchive(
            operators
                .MapPost("/import", ImportAsync)
                .Audited("organization.imported")
                .WithName("ImportTenant")
                .WithSummary("Take in an organisation from its archive: all of it, or nothing")
                .WithDescription(
                    "Multipart form data, with `passphrase` ahead of `file`. Refused where the organisation is here already. Its people get "
                        + "accounts without a password; where an address has an account here, `link_accounts` says that it is the same "
                        + "person's. API keys and confidential applications need new secrets: rotate them."
                )
                .Produces<ImportedTenant>(StatusCodes.Status201Created)
                .ProducesValidationProblem()
                .ProducesProblem(StatusCodes.Status401Unauthorized)
                .ProducesProblem(StatusCodes.Status403Forbidden)
                .ProducesProblem(StatusCodes.Status409Conflict)
                .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
                .ProducesProblem(StatusCodes.Status507InsufficientStorage)
        );
    }

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> ExportOwnAsync(
        ExportRequest request,
        Principal principal,
        TenantExport export,
        ArchivePace pace,
        HttpContext http,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        if (principal.Role != Role.Owner)
        {
            return Problem.OwnersOnly("Owners take their organisation along: everybody's conversations are in it.");
        }

        http.Audit().On(principal.Tenant.Value);
        return await SendAsync(principal.Tenant, request.Passphrase, export, pace, http, time, null, cancellationToken);
    }

    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> ExportAsync(
        Guid id,
        OperatorExportRequest request,
        TenantExport export,
        IOperatorAccessNotice notice,
        OperatorAccessStore accesses,
        OperatorAccessDirectory directory,
        ArchivePace pace,
        HttpContext http,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var tenant = new TenantId(id);
        var reason = request.Reason.Trim();
        if (reason.Length < ShortestReason)
        {
            return Problem.Invalid("reason", "Say why, in 8 characters or more: the organisation reads it.");
        }

        if (await accesses.StatusAsync(tenant, cancellationToken) is null)
        {
            return Problem.NotFound("organization");
        }

        var visit = http.Features.Get<OperatorVisit>()!;
        if (
            await accesses.FindOfAsync(tenant, visit, time.GetUtcNow(), cancellationToken) is not { } access
            || await directory.FindAsync(tenant, access, cancellationToken) is null
        )
        {
            return Problem.Conflict(
                "break-glass-needed",
                "You have no access to this organisation",
                $"What you would export is its content: open an access by break-glass first (POST /operator/tenants/{id}/access), and export while it is open."
            );
        }

        http.Audit().Add("reason", reason).Add("access", access);
        await accesses.CountAsync(tenant, access, time.GetUtcNow(), cancellationToken);
        using var open = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watch = EndWithAsync(directory, tenant, access, open, time, done.Token);
        try
        {
            return await SendAsync(
                tenant,
                request.Passphrase,
                export,
                pace,
                http,
                time,
                () => notice.TellAsync(tenant, "exported everything of your organisation", reason, open.Token),
                open.Token
            );
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            http.Audit().Add("cut_off", "access-ended");
            return CutOff(http);
        }
        finally
        {
            await done.CancelAsync();
            await watch;
        }
    }

    /// <summary>Cancels <paramref name="open"/> when the access is over, or nobody can say whether it is.</summary>
    private static async Task EndWithAsync(
        OperatorAccessDirectory directory,
        TenantId tenant,
        Guid access,
        CancellationTokenSource open,
        TimeProvider time,
        CancellationToken done
    )
    {
        try
        {
            do
            {
                await Task.Delay(AskAgain, time, done);
            } while (await directory.FindAsync(tenant, access, done) is not null);

            await open.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The export has ended first.
        }
        catch (Npgsql.NpgsqlException)
        {
            await open.CancelAsync();
        }
    }

    /// <summary>Whoever reads sees that it is no whole archive: the connection breaks off.</summary>
    private static Results<EmptyHttpResult, ProblemHttpResult> CutOff(HttpContext http)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return TypedResults.Empty;
        }

        return Problem.Conflict(
            "break-glass-needed",
            "You have no access to this organisation",
            "The access by break-glass ended before the export began: open another one."
        );
    }

    /// <param name="first">Done before the first byte leaves.</param>
    private static async Task<Results<EmptyHttpResult, ProblemHttpResult>> SendAsync(
        TenantId tenant,
        string passphrase,
        TenantExport export,
        ArchivePace pace,
        HttpContext http,
        TimeProvider time,
        Func<Task>? first,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var target = new StartingStream(
                new PacedStream(http.Response.Body, pace, time),
                async () =>
                {
                    if (first is not null)
                    {
                        await first();
                    }

                    http.Response.ContentType = "application/octet-stream";
                    http.Response.Headers.ContentDisposition =
                        $"attachment; filename=\"organization-{tenant}-{time.GetUtcNow():yyyy-MM-dd}.chancery\"";
                    http.Response.Headers.CacheControl = "no-store";
                }
            );
            return await export.WriteAsync(tenant, passphrase, target, cancellationToken) is null
                ? Problem.NotFound("organization")
                : TypedResults.Empty;
        }
        catch (ArchiveException refused) when (!http.Response.HasStarted)
        {
            return ProblemOf(refused);
        }
        catch (ReaderTooSlowException)
        {
            http.Audit().Add("cut_off", "too-slow");
            http.Abort();
            return TypedResults.Empty;
        }
    }

    private static async Task<Results<Created<ImportedTenant>, ProblemHttpResult>> ImportAsync(
        HttpRequest request,
        TenantImport import,
        Storage storage,
        ArchiveSeats seats,
        Revocations revocations,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await using var form = await ArchiveForm.ReceiveAsync(request, storage, seats, cancellationToken);
            if (form.Problem is { } problem)
            {
                return problem;
            }

            var done = await import.RunAsync(form.File!, form.Passphrase, form.Wishes, cancellationToken);
            await revocations.TenantAsync(done.Tenant.Value);
            request
                .HttpContext.Audit()
                .On(done.Tenant.Value)
                .Add("rows", done.Rows)
                .Add("files", done.Files)
                .Add("accounts", done.Accounts)
                .Add("linked_accounts", done.LinkedAccounts);
            return TypedResults.Created(
                $"/operator/tenants/{done.Tenant}",
                new ImportedTenant(
                    done.Tenant.Value,
                    done.Name,
                    done.Plan,
                    done.Rows,
                    done.Files,
                    done.FileBytes,
                    done.Accounts,
                    done.LinkedAccounts,
                    done.MissingFiles,
                    done.WorkLeft
                )
            );
        }
        catch (ArchiveException refused)
        {
            return ProblemOf(refused);
        }
    }

    internal static ProblemHttpResult ProblemOf(ArchiveException refused) =>
        refused.Fault switch
        {
            ArchiveFault.WrongPassphrase => Problem.Invalid("passphrase", refused.Message),
            ArchiveFault.UnknownPlan => Problem.Invalid("plan", refused.Message),
            ArchiveFault.OrganizationExists => Problem.Conflict(
                "organization-exists",
                "The organisation is here already",
                refused.Message
            ),
            ArchiveFault.BeingErased => Problem.Conflict("erasure-begun", "It is being erased", refused.Message),
            ArchiveFault.AccountsExist => Problem.Conflict(
                "accounts-exist",
                "Addresses of members have accounts here",
                refused.Message
            ),
            ArchiveFault.Busy => Problem.Conflict(
                "archives-busy",
                "Archives are being written or read",
                refused.Message
            ),
            ArchiveFault.TooNew => Problem.Of(
                422,
                "archive-too-new",
                "A newer version made the archive",
                refused.Message
            ),
            ArchiveFault.DoesNotFit => Problem.Of(
                422,
                "archive-does-not-fit",
                "The archive does not fit",
                refused.Message
            ),
            ArchiveFault.NoSpace => Problem.Of(507, "no-space", "The disk is full", refused.Message),
            _ => Problem.Of(422, "archive-damaged", "This is not a whole archive", refused.Message),
        };

    /// <summary>In OpenAPI only: what a route accepts by metadata would also decide which route answers.</summary>
    private static void DescribesArchive(RouteHandlerBuilder route) =>
        route.AddOpenApiOperationTransformer(
            static (operation, _, _) =>
            {
                operation.RequestBody = new OpenApiRequestBody
                {
                    Required = true,
                    Content = new Dictionary<string, OpenApiMediaType>
                    {
                        ["multipart/form-data"] = new() { Schema = Form() },
                    },
                };
                return Task.CompletedTask;
            }
        );

    private static OpenApiSchema Form() =>
        new()
        {
            Type = JsonSchemaType.Object,
            Required = new HashSet<string> { "passphrase", "file" },
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["passphrase"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Description = "The one that the archive was sealed with. Ahead of the file.",
                },
                ["link_accounts"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Boolean,
                    Description =
                        "Accounts here with the addresses of members are the same people's. Ahead of the file.",
                },
                ["plan"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.String,
                    Description = "The plan that it is to be on; left out, the one that it was on. Ahead of the file.",
                },
                ["file"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" },
            },
        };
}

/// <summary>Does something before the first byte is written, and hands on what is written.</summary>
internal sealed class StartingStream(Stream target, Func<Task> start) : WriteOnceStream
{
    private bool _hasStarted;

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        if (!_hasStarted)
        {
            _hasStarted = true;
            await start();
        }

        await target.WriteAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => target.FlushAsync(cancellationToken);
}
