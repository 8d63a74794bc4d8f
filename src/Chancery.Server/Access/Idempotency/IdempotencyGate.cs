using System.Security.Cryptography;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace Chancery.Server.Access.Idempotency;

/// <summary>What is known of the attempt that answers a request which carries a key.</summary>
internal sealed class IdempotentAttempt
{
    /// <summary>False when the answer must not be given again, though its status says success.</summary>
    public bool IsWorthKeeping { get; set; } = true;
}

/// <summary>
/// Stands before routes that take an <c>Idempotency-Key</c>: runs the call once, and answers every repetition from what
/// was remembered. Runs after authorization, so that whoever lost the right to the call is not shown its answer either.
/// </summary>
/// <remarks>
/// An attempt runs to its end when its caller leaves: the key says that they mean to come back. An attempt that died with
/// its server frees its key within <see cref="Lease"/>.
/// </remarks>
internal sealed class IdempotencyGate(
    RequestDelegate next,
    IdempotencyStore store,
    TenantKeys keys,
    TimeProvider time,
    IHostApplicationLifetime lifetime,
    ILogger<IdempotencyGate> logger
)
{
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private const int MaxKeyLength = 255;
    private const string RetryAfterSeconds = "2";

    /// <summary>Remembering outlives the caller's connection, but not by much.</summary>
    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(10);

    public async Task InvokeAsync(HttpContext context)
    {
        if (
            context.GetEndpoint()?.Metadata.GetMetadata<IdempotentRoute>() is null
            || !context.Request.Headers.TryGetValue(IdempotentRouteExtensions.Header, out var given)
            || context.Features.Get<Principal>() is not { } principal
        )
        {
            await next(context);
            return;
        }

        if (given is not [{ Length: > 0 and <= MaxKeyLength } text] || !text.All(letter => letter is >= '!' and <= '~'))
        {
            await Problem
                .Invalid(IdempotentRouteExtensions.Header, $"One key of 1 to {MaxKeyLength} visible ASCII characters.")
                .ExecuteAsync(context);
            return;
        }

        var key = IdempotencyStore.HashOf(text);
        var request = context.Request;
        var call = $"{request.Method} {request.Path}{request.QueryString}";
        switch (await store.TakeAsync(principal, key, call, Lease, context.RequestAborted))
        {
            case KeyOutcome.InUse:
                context.Response.Headers.RetryAfter = RetryAfterSeconds;
                await Problem.KeyInUse().ExecuteAsync(context);
                break;
            case KeyOutcome.Outdated:
                await Problem.AnswerOutdated().ExecuteAsync(context);
                break;
            case KeyOutcome.Done done:
                await AgainAsync(context, principal, key, call, done);
                break;
            case KeyOutcome.Taken taken:
                await RunAsync(context, principal, key, taken.Attempt);
                break;
        }
    }

    private async Task AgainAsync(
        HttpContext context,
        Principal principal,
        byte[] key,
        string call,
        KeyOutcome.Done done
    )
    {
        using var hash = new BodyHash(context.Request.ContentType);
        if (done.Call == call)
        {
            AllowAnySize(context);
            await new HashingBody(context.Request.Body, hash).DrainAsync(context.RequestAborted);
        }

        if (done.Call != call || !CryptographicOperations.FixedTimeEquals(hash.Finish(), done.BodySha256))
        {
            await Problem.KeyReused().ExecuteAsync(context);
            return;
        }

        var dataKey = await keys.GetAsync(principal.Tenant, context.RequestAborted);
        var answer = RememberedAnswer.Open(done.Sealed, dataKey, principal, key);
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.Headers[IdempotentRouteExtensions.ReplayedHeader] = "true";
        context.Audit().Skip();
        if (answer.Location is not null)
        {
            context.Response.Headers.Location = answer.Location;
        }

        if (answer.Body.Length > 0)
        {
            await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
        }
    }

    private async Task RunAsync(HttpContext context, Principal principal, byte[] key, Guid attempt)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopped);
        var renewing = RenewAsync(principal, key, attempt, ending.Token);
        using var hash = new BodyHash(context.Request.ContentType);
        var (requestBody, responseBody) = (context.Request.Body, context.Response.Body);
        var reading = new HashingBody(requestBody, hash);
        var recording = new RecordingBody(context, responseBody);
        var mark = new IdempotentAttempt();
        var callerLeft = context.RequestAborted;
        var isKept = false;
        context.Features.Set(mark);
        context.Request.Body = reading;
        context.Response.Body = recording;
        context.RequestAborted = ending.Token;
        try
        {
            await next(context);
            await context.Response.BodyWriter.FlushAsync(ending.Token);
            if (mark.IsWorthKeeping && context.Response.StatusCode is >= 200 and < 300)
            {
                await reading.DrainAsync(ending.Token);
                isKept = await KeepAsync(context.Response, principal, key, attempt, hash.Finish(), recording.Kept);
            }
        }
        finally
        {
            context.Request.Body = requestBody;
            context.Response.Body = responseBody;
            context.RequestAborted = callerLeft;
            if (!isKept)
            {
                await FreeAsync(principal, key, attempt);
            }

            await ending.CancelAsync();
            await renewing;
        }

        await recording.DeliverAsync(callerLeft);
    }

    /// <summary>Answers false when it could not be remembered; the caller gets the answer all the same.</summary>
    private async Task<bool> KeepAsync(
        HttpResponse response,
        Principal principal,
        byte[] key,
        Guid attempt,
        byte[] bodySha256,
        byte[] body
    )
    {
        using var limit = new CancellationTokenSource(StoreTimeout, time);
        try
        {
            var location = response.Headers.Location.ToString();
            var answer = new RememberedAnswer(
                response.StatusCode,
                response.ContentType,
                location.Length == 0 ? null : location,
                body
            );
            var dataKey = await keys.GetAsync(principal.Tenant, limit.Token);
            var kept = answer.Seal(dataKey, principal, key);
            await store.CompleteAsync(principal, key, attempt, bodySha256, kept, limit.Token);
            return true;
        }
        catch (Exception exception) when (IsStorageFault(exception))
        {
            Log.AnswerNotRemembered(logger, exception);
            return false;
        }
    }

    private async Task FreeAsync(Principal principal, byte[] key, Guid attempt)
    {
        using var limit = new CancellationTokenSource(StoreTimeout, time);
        try
        {
            await store.FreeAsync(principal, key, attempt, limit.Token);
        }
        catch (Exception exception) when (IsStorageFault(exception))
        {
            // Its lease ends soon.
            Log.KeyNotFreed(logger, exception);
        }
    }

    private async Task RenewAsync(Principal principal, byte[] key, Guid attempt, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Lease / 3, time);
        while (true)
        {
            try
            {
                await timer.WaitForNextTickAsync(cancellationToken);
                await store.RenewAsync(principal, key, attempt, Lease, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception) when (IsStorageFault(exception))
            {
                Log.KeyNotRenewed(logger, exception);
            }
        }
    }

    /// <summary>A file is sent again to be compared only; it was within its limit the first time, or this is another one.</summary>
    private static void AllowAnySize(HttpContext context)
    {
        var size = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (size is { IsReadOnly: false })
        {
            size.MaxRequestBodySize = null;
        }
    }

    private static bool IsStorageFault(Exception exception) =>
        exception is Npgsql.NpgsqlException or TimeoutException or OperationCanceledException;
}
