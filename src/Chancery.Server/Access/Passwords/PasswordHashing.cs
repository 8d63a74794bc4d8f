using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Chancery.Server.Access.Passwords;

/// <summary>What a password check ends in.</summary>
public enum PasswordCheck
{
    Wrong,
    Right,

    /// <summary>Right, and the stored hash is of weaker parameters than today's.</summary>
    RightButOutdated,

    /// <summary>Too many checks wait already; nothing was computed.</summary>
    Busy,
}

/// <summary>PBKDF2-HMAC-SHA512 by the framework's hasher. Safe for concurrent use.</summary>
/// <remarks>
/// One computation keeps a core busy for about a tenth of a second, so at most two run in the process and at most
/// <see cref="MaxWaiting"/> wait: a flood of sign-ins costs its own callers, not everybody else's requests. New passwords
/// have a queue of their own before that one, and one of the two places: a flood of sign-ups stops nobody's signing in.
/// </remarks>
/// <param name="iterations">Lower only in tests, which sign many people up.</param>
public sealed class PasswordHashing(int iterations = PasswordHashing.Iterations) : IDisposable
{
    /// <summary>The figure that OWASP names for HMAC-SHA512.</summary>
    public const int Iterations = 210_000;

    public const int MaxRunning = 2;
    public const int MaxWaiting = 64;

    /// <summary>New passwords that wait.</summary>
    public const int MaxNewWaiting = 32;

    private static readonly object Nobody = new();

    private readonly PasswordHasher<object> _hasher = new(
        Options.Create(new PasswordHasherOptions { IterationCount = iterations })
    );

    private readonly SemaphoreSlim _running = new(MaxRunning, MaxRunning);
    private readonly string _hashOfNobody = HashOfNobody(iterations);
    private readonly SemaphoreSlim _making = new(1, 1);

    /// <summary>For accounts without a password: no password fits, and trying one takes as long as for any other.</summary>
    public string OfNobody => _hashOfNobody;

    private int _inside;
    private int _newInside;

    /// <summary>The hash to store; <c>null</c> when too many computations wait.</summary>
    public async Task<string?> HashAsync(string password, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _newInside) > 1 + MaxNewWaiting)
        {
            Interlocked.Decrement(ref _newInside);
            return null;
        }

        try
        {
            await _making.WaitAsync(cancellationToken);
            try
            {
                return await RunAsync<string?>(
                    () => _hasher.HashPassword(Nobody, password),
                    busy: null,
                    cancellationToken
                );
            }
            finally
            {
                _making.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _newInside);
        }
    }

    /// <summary>Checks a password. Without a stored hash it does the same work and answers Wrong.</summary>
    public Task<PasswordCheck> VerifyAsync(string? storedHash, string password, CancellationToken cancellationToken) =>
        RunAsync(
            () =>
                _hasher.VerifyHashedPassword(Nobody, storedHash ?? _hashOfNobody, password) switch
                {
                    _ when storedHash is null => PasswordCheck.Wrong,
                    PasswordVerificationResult.Success => PasswordCheck.Right,
                    PasswordVerificationResult.SuccessRehashNeeded => PasswordCheck.RightButOutdated,
                    _ => PasswordCheck.Wrong,
                },
            PasswordCheck.Busy,
            cancellationToken
        );

    public void Dispose()
    {
        _running.Dispose();
        _making.Dispose();
    }

    private async Task<T> RunAsync<T>(Func<T> compute, T busy, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _inside) > MaxRunning + MaxWaiting)
        {
            Interlocked.Decrement(ref _inside);
            return busy;
        }

        try
        {
            await _running.WaitAsync(cancellationToken);
            try
            {
                return await Task.Run(compute, CancellationToken.None);
            }
            finally
            {
                _running.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    /// <summary>
    /// A hash that no password fits, in the framework's format 3 with today's parameters: 0x01, then pseudo-random
    /// function (2 is HMAC-SHA512), iterations and salt length as big-endian numbers, salt, subkey.
    /// </summary>
    private static string HashOfNobody(int iterations)
    {
        const int header = 13;
        const int salt = 16;
        const int subkey = 32;
        var bytes = RandomNumberGenerator.GetBytes(header + salt + subkey);
        bytes[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), 2);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(5), (uint)iterations);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(9), salt);
        return Convert.ToBase64String(bytes);
    }
}
