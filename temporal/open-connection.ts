/**
 * A client connection to a server that answers.
 */
import { Connection, type ConnectionOptions, isGrpcServiceError } from '@temporalio/client';

/**
 * Where a server is and how to log in: what `NativeConnection.connect` and `Connection.connect` both take, plus the
 * namespace.
 */
export interface ServerAddress {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
  readonly tls?: Exclude<ConnectionOptions['tls'], undefined>;
  readonly apiKey?: string;
  readonly metadata?: Record<string, string>;
}

/** A proxy from the environment must not come between two processes on one machine. */
const WITHOUT_PROXY = { 'grpc.enable_http_proxy': 0 };
const LOCAL = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:|$)/;

/** gRPC status codes PERMISSION_DENIED and UNIMPLEMENTED. */
const REFUSALS = [7, 12];

/** Whether a server answered, but does not allow or does not support the request. */
export function isRefusal(error: unknown): boolean {
  if (isGrpcServiceError(error)) return REFUSALS.includes(error.code);
  return error instanceof Error && error.cause !== undefined && isRefusal(error.cause);
}

/**
 * Connects and requests the namespace.
 *
 * @param withinMs time limit for an answer
 * @throws the error of the gRPC client; the connection is closed then
 */
export async function openConnection({ namespace, ...server }: ServerAddress, withinMs: number): Promise<Connection> {
  const deadline = Date.now() + withinMs;
  const connection = Connection.lazy({
    ...server,
    connectTimeout: withinMs,
    ...(isLocal(server.address) ? { channelArgs: WITHOUT_PROXY } : {}),
  });
  try {
    await connection.ensureConnected();
    await connection.withDeadline(deadline, () => connection.workflowService.describeNamespace({ namespace }));
    return connection;
  } catch (error) {
    if (isRefusal(error)) return connection;
    await connection.close();
    throw error;
  }
}

/** Whether a server answers within this many milliseconds. */
export async function answers(server: ServerAddress, withinMs: number): Promise<boolean> {
  try {
    await (await openConnection(server, withinMs)).close();
    return true;
  } catch {
    return false;
  }
}

/** Whether the address belongs to this machine. */
export function isLocal(address: string): boolean {
  return LOCAL.test(address);
}
